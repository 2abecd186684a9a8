import type { Knex } from 'knex';

/** What the last applied sync of each link took away, so that it can be taken back. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    alter table runs drop constraint runs_state_check;
    alter table runs add constraint runs_state_check check (state in
      ('queued', 'greeting', 'fetching', 'photos', 'applying', 'synced', 'unchanged', 'held', 'undone', 'failed', 'dead', 'cancelled'));
    alter table runs add column requested_by text;

    -- Unlogged, as writing it must not slow a sync down: after a crash of PostgreSQL the last sync can't be taken back.
    create unlogged table journals (
      list_id bigint primary key,
      run_id bigint not null,
      applied_date timestamptz not null default now(),
      -- The list's own revision before: what has a later one was added or changed by the sync.
      passed bigint not null,
      count_before bigint not null,
      digest_before text not null,
      count_after bigint,
      digest_after text,
      -- The link's position before, as a row of links; nulls before the first sync.
      link jsonb not null,
      set_aside jsonb not null
    );
    create unlogged table journal_dossiers (
      list_id bigint not null,
      dossier uuid not null,
      removed boolean not null,
      id bigint not null,
      name text not null,
      comment text not null,
      active boolean not null,
      meta jsonb not null,
      external_id text,
      photo_count int not null,
      photos_hash bytea not null,
      created_date timestamptz not null,
      modified_date timestamptz not null,
      hash bytea not null,
      primary key (list_id, dossier)
    );
    create unlogged table journal_photos (
      list_id bigint not null,
      dossier uuid not null,
      id bigint not null,
      sha256 bytea not null,
      width int not null,
      height int not null,
      bytes int not null,
      media_type text not null,
      features text,
      created_date timestamptz not null,
      primary key (list_id, dossier, sha256)
    );
    create index journal_photos_sha256 on journal_photos (sha256);
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
