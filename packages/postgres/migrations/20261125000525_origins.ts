import type { Knex } from 'knex';

/**
 * Where a link's list comes from beyond its master, as the master says it. The tags name heads whose origins were passed over by the release before:
 * without them each master is asked anew.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table links add column origins uuid[] not null default '{}';
    update links set head_tag = null where head_tag is not null;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
