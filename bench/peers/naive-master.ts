/** The naive program's master: pages of 500 dossiers with their photos as JSON, by the key that follows. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import createKnex from 'knex';
import { answerParent } from '../bench-process.ts';

const knex = createKnex({ client: 'pg', connection: process.argv[2] ?? '' });
const pageRows = 500;

const server = createServer((request, response) => {
  const after = new URL(request.url ?? '/', 'http://localhost').searchParams.get('after') ?? '00000000-0000-0000-0000-000000000000';
  void readPage(after).then((page) => response.setHeader('content-type', 'application/json').end(JSON.stringify(page)));
});

async function readPage(after: string): Promise<unknown> {
  const dossiers = (await knex('dossier').where('list_id', 1).where('uuid', '>', after).orderBy('uuid').limit(pageRows)) as {
    uuid: string;
  }[];
  const faces = (await knex('face')
    .where('list_id', 1)
    .whereIn(
      'dossier',
      dossiers.map((dossier) => dossier.uuid),
    )) as { dossier: string; sha256: Buffer }[];
  return { dossiers, faces: faces.map((face) => ({ ...face, sha256: face.sha256.toString('hex') })) };
}

answerParent(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
});
