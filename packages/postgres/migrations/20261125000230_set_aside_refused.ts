import type { Knex } from 'knex';

/** Dossiers of a master that can't be held as they are, set aside one by one instead of stopping the list. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    alter table set_aside drop constraint set_aside_reason_check;
    alter table set_aside add constraint set_aside_reason_check
      check (reason in ('kept-deleted', 'HASH_DIFFERS', 'EXTERNAL_ID_TAKEN', 'DOSSIER_OF_ANOTHER_MASTER'));
    alter table set_aside
      -- What the master says, and why it can't be held; null for what was deleted here.
      add column name text,
      add column external_id text,
      add column sentence text,
      -- Whether the replica keeps an older version, and its hash: the digest of the replica's rows, with the older versions exchanged for
      -- what is set aside, is the master's.
      add column kept boolean not null default false,
      add column kept_high bigint not null default 0,
      add column kept_low bigint not null default 0;

    create or replace function holds_position(link links) returns boolean language sql stable as $$
      select coalesce(link.digest = hash_text(p.digest_high # a.high, p.digest_low # a.low) and link.dossier_count = p.dossier_count + a.count, false)
      from list_positions p, lateral (
        select count(*) filter (where not kept) as count, coalesce(bit_xor(hash_high # kept_high), 0) as high,
          coalesce(bit_xor(hash_low # kept_low), 0) as low
        from set_aside where list_id = p.list_id
      ) a
      where p.list_id = link.slave_list_id
    $$;

    alter table staged_dossiers add column refusal text, add column refusal_sentence text;
    alter table runs add column set_aside jsonb not null default '[]';
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
