import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { plantedReplacements, replace } from './planting.ts';

/* Loaded before everything else in a process of the campaign: plants its bug in the product's modules. */

const top = new URL('../../', import.meta.url);
const inFiles = plantedReplacements().filter((replacement) => 'file' in replacement.in);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const ofFile = inFiles.filter(({ in: place }) => 'file' in place && url === new URL(place.file, top).href);
    if (ofFile.length === 0) return loaded;
    if (loaded.source === undefined || loaded.source === null) throw new Error(`${fileURLToPath(url)} was loaded without its source`);
    const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
    return { ...loaded, source: ofFile.reduce(replace, source) };
  },
});
