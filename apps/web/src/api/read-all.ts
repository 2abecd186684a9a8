import type { z } from 'zod';
import { read } from './request.ts';
import type { Query } from './request.ts';

const pageSize = 1000;

type PageSchema<Item> = z.ZodType<{ results: Item[]; next_page: string | null }>;

/** A whole collection, for those that have thousands of entries at most. */
export async function readAll<Item>(
  schema: PageSchema<Item>,
  path: string,
  { query = {}, signal }: { query?: Query; signal?: AbortSignal } = {},
): Promise<Item[]> {
  const items: Item[] = [];
  for (let page: string | null | undefined; page !== null;) {
    const found: { results: Item[]; next_page: string | null } = await read(schema, path, {
      query: { ...query, limit: pageSize, page },
      signal,
    });
    items.push(...found.results);
    page = found.next_page;
  }
  return items;
}
