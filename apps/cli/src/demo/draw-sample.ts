import { writeSample } from './sample.ts';

/**
 * `node draw-sample.ts FOLDER COUNT PREFIX` writes a sample and prints what it wrote as JSON. A process of its own: elsewhere the photo store
 * keeps the image library from reading SVG, in which the portraits are drawn.
 */
const [folder = '', count = '', prefix = ''] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await writeSample(folder, Number(count), prefix)));
