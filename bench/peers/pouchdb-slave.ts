/** PouchDB's slave: replicates into a LevelDB of its own. */
import { answerParent } from '../bench-process.ts';
import { requirePouch } from './pouchdb-require.ts';
import type { PouchConstructor } from './pouchdb-require.ts';

const [masterUrl = '', folder = ''] = process.argv.slice(2);
const PouchDB = requirePouch('pouchdb') as PouchConstructor;
const database = new PouchDB(`${folder}/all`);

answerParent(async () => {
  const begun = performance.now();
  // Larger batches than its usual 100, in its favour.
  const result = await database.replicate.from(masterUrl, { batch_size: 1000, batches_limit: 4 });
  if (!result.ok) throw new Error('PouchDB could not replicate');
  return performance.now() - begun;
});
