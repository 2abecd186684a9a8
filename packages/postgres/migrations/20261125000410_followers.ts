import type { Knex } from 'knex';

/** On a master: which slaves ask for which lists, and where they said they stand. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    create table followers (
      node uuid not null,
      list_id bigint not null references watch_lists (id) on delete cascade,
      address text not null,
      version text,
      epoch uuid,
      revision bigint,
      first_seen timestamptz not null default now(),
      last_seen timestamptz not null default now(),
      primary key (list_id, node)
    );
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
