import type { Knex } from 'knex';

/**
 * Photos that rows show and whose files weren't whole when somebody looked, on masters and slaves, until they are whole again. On a slave they stand among
 * the missing photos, too, which its next run asks for.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table damaged_photos (
      sha256 bytea primary key check (octet_length(sha256) = 32),
      fault text not null check (fault in ('absent', 'length', 'content', 'no-file', 'unreadable')),
      since timestamptz not null default now()
    );
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
