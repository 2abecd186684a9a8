/** The naive program's slave: reads all pages, writes every row by an upsert and deletes what it did not meet, in one transaction. */
import got from 'got';
import createKnex from 'knex';
import { answerParent } from '../bench-process.ts';

const [masterUrl = '', databaseUrl = ''] = process.argv.slice(2);
const knex = createKnex({ client: 'pg', connection: databaseUrl });

interface Page {
  dossiers: ({ uuid: string; meta: unknown } & Record<string, unknown>)[];
  faces: ({ sha256: string; dossier: string } & Record<string, unknown>)[];
}

async function synchronise(): Promise<void> {
  await knex.transaction(async (trx) => {
    const met = new Set<string>();
    for (let after: string | undefined; ;) {
      const page: Page = await got(masterUrl, { searchParams: { after } }).json();
      after = page.dossiers.at(-1)?.uuid;
      if (after === undefined) break;
      for (const dossier of page.dossiers) met.add(dossier.uuid);
      await trx('dossier').insert(page.dossiers).onConflict(['list_id', 'uuid']).merge();
      const faces = page.faces.map((face) => ({ ...face, sha256: Buffer.from(face.sha256, 'hex') }));
      await trx('face').insert(faces).onConflict(['list_id', 'dossier', 'sha256']).merge();
    }
    const held = (await trx('dossier').where('list_id', 1).select('uuid')) as { uuid: string }[];
    const gone = held.map((dossier) => dossier.uuid).filter((uuid) => !met.has(uuid));
    if (gone.length > 0) await trx('dossier').whereIn('uuid', gone).delete();
  });
}

answerParent(async () => {
  const begun = performance.now();
  await synchronise();
  return performance.now() - begun;
});
