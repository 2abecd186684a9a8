import { badParam } from '@dossier/runtime/errors.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/**
 * Of watch lists that a request gives to a site, a user or a token, those that there are; null and undefined as they are. BAD_PARAM names one that isn't there,
 * unless it was given `before`: it was deleted since, and is left out.
 */
export async function existingLists<Given extends readonly number[] | null | undefined>(
  tx: Connection,
  given: Given,
  { param, before = null }: { param: string; before?: readonly number[] | null },
): Promise<number[] | Exclude<Given, readonly number[]>> {
  if (!given) return given as Exclude<Given, readonly number[]>;
  const rows = await query<{ id: number }>(tx, `select id from watch_lists where id = any(:given::bigint[])`, { given: [...given] });
  const there = new Set(rows.map(({ id }) => id));
  const missing = given.find((list) => !there.has(list) && !before?.includes(list));
  if (missing !== undefined) throw badParam(param, `${param}: there is no watch list ${missing}.`);
  return given.filter((list) => there.has(list));
}
