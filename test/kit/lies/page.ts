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

/** Remembers the end line of the first honest page of a list, in the form in which it is asked for. */
export function rememberingEnd(): (exchange: Exchange) => Promise<PageEnd> {
  let remembered: PageEnd | null = null;
  let of = '';
  return async ({ asked, request, honest }) => {
    const form = `${asked.url.pathname} ${request.headers.accept}`;
    if (form !== of) {
      const { status, body } = await honest();
      if (status === 200) remembered = JSON.parse(body.toString().trimEnd().split('\n').at(-1) ?? '') as PageEnd;
      of = form;
    }
    if (!remembered) throw new Error('an honest page has an end line');
    return remembered;
  };
}

/** Goes on for ever, a revision a page, in the history of the honest page that was asked for first. */
export function growing(changes: (since: number) => Row[]): Lie {
  const endOf = rememberingEnd();
  return async (exchange) => {
    const since = Number(exchange.asked.url.searchParams.get('since'));
    const end = await endOf(exchange);
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
