/** Four readers who page through lists of a node by its REST API, or by the statement behind it, and measure every page. */
import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { listDossiers } from '@dossier/registry/dossiers.ts';
import { answerParent } from './bench-process.ts';
import { partMark } from './reading.ts';
import type { Readings } from './reading.ts';
import { quantile } from './statistics.ts';

const [how = 'rest', address = '', token = '', lists = ''] = process.argv.slice(2);
const readers = 4;
const pageRows = 50;
const thinkMs = 5;

interface Row {
  id: number;
  meta: Record<string, unknown>;
}

interface Page {
  rows: Row[];
  next: string | null;
}

let times: number[] = [];
let errors = 0;
let mixed = 0;

/** A page as the API's clients get it. */
async function readByRest(list: number, cursor: string | null): Promise<Page> {
  const query = `dossier_lists=${list}&limit=${pageRows}&ordering=id${cursor === null ? '' : `&page=${encodeURIComponent(cursor)}`}`;
  const response = await fetch(`${address}/dossiers/?${query}`, { headers: { authorization: `Token ${token}` } });
  if (!response.ok) throw new Error(`answered ${response.status}`);
  const page = (await response.json()) as { results: Row[]; next_page: string | null };
  return { rows: page.results, next: page.next_page };
}

/** The statement behind it, without the API's process, which has to share the cores with the sync. */
function readBySql(database: Database): typeof readByRest {
  return async (list, cursor) => {
    const { rows, next } = await listDossiers(database, {
      filter: { lists: [list] },
      ordering: 'id',
      descending: false,
      limit: pageRows,
      cursor: cursor === null ? null : { direction: 'after', value: null, id: Number(cursor) },
    });
    return { rows: rows.map(({ id, meta }) => ({ id, meta })), next: next && String(next.id) };
  };
}

/** A page comes from one statement: whatever changed all of the list at once is in all of its rows or in none. */
function isMixed(rows: readonly Row[]): boolean {
  const marks = new Set(rows.map((row) => String(row.meta['mark'])));
  return marks.size > 1 && ![...marks].some((mark) => mark.startsWith(partMark));
}

async function read(list: number, readPage: typeof readByRest): Promise<void> {
  let cursor: string | null = null;
  for (;;) {
    const begun = performance.now();
    try {
      const page: Page = await readPage(list, cursor);
      times.push(performance.now() - begun);
      if (isMixed(page.rows)) mixed += 1;
      cursor = page.next;
    } catch {
      errors += 1;
      cursor = null;
    }
    await delay(thinkMs);
  }
}

const readPage = how === 'sql' ? readBySql(openDatabase(address, { applicationName: 'reader', poolSize: readers })) : readByRest;
const listIds = lists.split(',').map(Number);
for (let reader = 0; reader < readers; reader += 1) void read(listIds[reader % listIds.length] ?? 0, readPage);

answerParent(async () => {
  const readings: Readings = {
    pages: times.length,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    maximum: Math.max(...times),
    errors,
    mixed,
  };
  times = [];
  errors = 0;
  mixed = 0;
  return readings;
});
