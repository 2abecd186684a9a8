import type { Exchange, Lie } from '../lying-master.ts';
import { bytes } from './telling.ts';
import type { Row } from './telling.ts';

/** The last line of a page. */
export interface PageEnd extends Row {
  head: Row;
}

/** Changes the lines of an honest page. Whoever changes their number changes the count of the end line, unless `counted` is false. */
export const page = (change: (lines: Row[], end: PageEnd, exchange: Exchange) => Row[] | void, counted = true): Lie =>
  bytes((honest, exchange) => {
    const lines = honest.toString().trimEnd().split('\n');
    const [end] = lines.splice(-1).map((line) => JSON.parse(line) as PageEnd);
    if (!end) throw new Error('an honest page has an end line');
    const read = lines.map((line) => JSON.parse(line) as Row);
    const changed = change(read, end, exchange) ?? read;
    if (counted) end['count'] = changed.length;
    return Buffer.from([...changed, end].map((line) => `${JSON.stringify(line)}\n`).join(''));
  });

/** The end line of an honest page; null if there is none from where it was asked. */
export async function endOf(honest: Exchange['honest']): Promise<PageEnd | null> {
  const { status, body } = await honest();
  return status === 200 ? (JSON.parse(body.toString().trimEnd().split('\n').at(-1) ?? '') as PageEnd) : null;
}

/** Goes on for ever, a revision a page, in the history of the honest page that was asked for first. */
export function growing(changes: (since: number) => Row[]): Lie {
  let end: PageEnd | null = null;
  return async ({ asked, honest }) => {
    const since = Number(asked.url.searchParams.get('since'));
    if (asked.before === 0) end = (await endOf(honest)) ?? end;
    if (!end) throw new Error('an honest page has an end line');
    const lines = changes(since);
    const last = { ...end, count: lines.length, next: since + 1, more: true, head: { ...end.head, revision: since + 2 } };
    const body = [...lines, last].map((line) => `${JSON.stringify(line)}\n`).join('');
    return { status: 200, headers: { 'content-type': 'application/x-ndjson' }, body: Buffer.from(body) };
  };
}

/** A dossier that nobody has. */
export const made = (number: number): string => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

/** Changes the puts of an honest page. */
export const puts = (change: (put: Row) => Row): Lie =>
  page((lines) => lines.map((line) => (line['kind'] === 'put' ? change(line) : line)));
