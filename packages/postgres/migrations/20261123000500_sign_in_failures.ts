import type { Knex } from 'knex';

/** Failed sign-ins, counted across all processes of a node. Unlogged: after a crash everybody may try again. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    create unlogged table sign_in_failures (
      name text not null,
      address text not null,
      failures int not null default 1,
      since timestamptz not null default now(),
      primary key (name, address)
    );
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
