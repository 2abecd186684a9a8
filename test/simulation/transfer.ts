import type { Client } from 'pg';
import { importFile } from '@dossier/api/import/import-file.ts';
import type { ImportReport } from '@dossier/api/import/import-file.ts';
import { openFile } from '@dossier/api/import/open-file.ts';
import { presentDossiers } from '@dossier/api/export/dossier-text.ts';
import { openDatabase } from '@dossier/postgres/database.ts';
import { exportDossiers } from '@dossier/registry/export.ts';
import { deleteWatchList, purgeWatchList } from '@dossier/registry/watch-lists.ts';
import type { Content } from './content.ts';
import type { Seed } from './seed.ts';
import { rowsOf } from './site.ts';
import { require } from './violation.ts';

/** A list of the master for what comes back. */
const other = 900;
/** A number that no import takes: its digits would become others. */
const unfit = '12345678901234567890';

/** What leaves a list as a file comes back in another list as what it was, in its order; what no import takes is refused by its line. When all rests. */
export async function requireRoundTrip({ world, random, replicas, trace }: Seed): Promise<void> {
  const { remote } = random.pick(replicas);
  const format = random.pick(['jsonl', 'csv'] as const);
  const rows = random.pick([2, 7, 1000]);
  const { admin, url } = world.master;
  const database = openDatabase(url, { applicationName: 'transfer', poolSize: 2 });
  try {
    await admin.query(`insert into watch_lists (id, uuid, name) values ($1, $2, 'back')`, [other, random.uuid()]);
    const { rows: lines } = await openFile(bytesOf(presentDossiers(exportDossiers(database, remote, rows), format)), { format });
    const report: ImportReport = { lines: 0, added: 0, changed: 0, unchanged: 0, refused: 0, refusedLines: [] };
    const { signal } = new AbortController();
    const task = { database, store: world.masterPhotos, listId: other, rows: lines, folder: null, signal, progress: () => undefined };
    await importFile(task, report);
    const [left, back] = [await read(admin, remote), await read(admin, other)];
    const taken = left.filter(({ meta }) => report.refused === 0 || !meta.includes(unfit));
    require(21, report.refused === left.length - taken.length, () =>
      `of list ${remote} as ${format} was refused: ${JSON.stringify(report.refusedLines)}`);
    require(21, JSON.stringify(back.map(textOf)) === JSON.stringify(taken.map(textOf)), () =>
      `list ${remote} left as ${format} and came back otherwise: ${JSON.stringify(back)} instead of ${JSON.stringify(taken)}`);
    await purgeWatchList(database, other, { binnedBy: null });
    await deleteWatchList(database, other);
  } finally {
    await database.destroy();
  }
  trace.push(`list ${remote} left as ${format} and came back`);
}

async function* bytesOf(file: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const text of file) yield Buffer.from(text);
}

type Row = Pick<Content, 'name' | 'comment' | 'active' | 'externalId' | 'validFrom' | 'validUntil' | 'meta'>;

async function read(admin: Client, list: number): Promise<Row[]> {
  return rowsOf<Row>(
    admin,
    `select name, comment, active, external_id as "externalId", valid_from::text as "validFrom", valid_until::text as "validUntil", meta::text as meta
     from dossiers where set_id = set_of($1) order by id`,
    [list],
  );
}

/** An import writes `meta` in one form, whatever form it had. */
function textOf({ meta, ...row }: Row): string {
  return JSON.stringify({ ...row, meta: Object.entries(JSON.parse(meta) as object).toSorted(([a], [b]) => (a < b ? -1 : 1)) });
}
