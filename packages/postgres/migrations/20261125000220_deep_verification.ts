import type { Knex } from 'knex';

/** When every row of a replica was last recomputed and compared. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`alter table links add column deep_verified_at timestamptz`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
