import type { Knex } from 'knex';
import { query } from './database.ts';

/**
 * Runs statements over large staged parts that the planner takes for a few rows, whatever they are: with nested loops it would compare each of tens of
 * thousands with each, which goes on for hours.
 */
export async function withoutNestedLoops<Result>(tx: Knex.Transaction, work: () => Promise<Result>): Promise<Result> {
  await query(tx, `set local enable_nestloop = off`);
  const result = await work();
  await query(tx, `set local enable_nestloop = on`);
  return result;
}
