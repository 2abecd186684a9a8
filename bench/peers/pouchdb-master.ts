/** PouchDB's master: a LevelDB behind express-pouchdb, filled with the benchmark's dossiers as documents. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { PhotoContent } from '@dossier/domain/photo.ts';
import { benchDossiers } from '../rows.ts';
import { answerParent } from '../bench-process.ts';
import { requirePouch } from './pouchdb-require.ts';
import type { PouchConstructor } from './pouchdb-require.ts';

const [folder = '', size = '', photoList = ''] = process.argv.slice(2);
const photos = JSON.parse(photoList) as PhotoContent[];
const PouchDB = (requirePouch('pouchdb') as PouchConstructor).defaults({ prefix: `${folder}/` });
const serve = requirePouch('express-pouchdb') as (pouch: PouchConstructor, options: object) => RequestListener;

async function fill(): Promise<void> {
  const database = new PouchDB('all');
  for (const dossiers of benchDossiers('all', Number(size), { size: 1000, photos })) {
    await database.bulkDocs(dossiers.map(({ uuid, ...dossier }) => ({ _id: uuid, ...dossier })));
  }
}

async function listen(): Promise<Server> {
  const handler = serve(PouchDB, { inMemoryConfig: true, logPath: `${folder}/log.txt`, mode: 'minimumForPouchDB' });
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

answerParent(async () => {
  await fill();
  const address = (await listen()).address();
  return typeof address === 'object' && address ? address.port : 0;
});
