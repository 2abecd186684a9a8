import type { Knex } from 'knex';

/**
 * Pages in the fast form go into the tables of staging as they came: what their rows don't say stands in the settings of the transaction that
 * copies them, and what nobody has looked at before is checked as in the tables that they are meant for.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    alter table staged_dossiers
      alter column run_id set default current_setting('dossier.staging_run')::bigint,
      alter column removed set default false,
      alter column revision set default current_setting('dossier.staging_revision')::bigint,
      add constraint staged_dossiers_whole check (removed or num_nulls(name, comment, active, meta, photo_count, photos_hash, created_date, modified_date) = 0),
      add constraint staged_dossiers_bounds check (char_length(name) between 1 and 256 and char_length(comment) <= 10000
        and jsonb_typeof(meta) = 'object' and char_length(external_id) between 1 and 256);

    -- Photos are staged in the order in which they are to be numbered.
    create sequence staged_photos_ordinal as int cycle cache 100;
    alter table staged_photos
      alter column run_id set default current_setting('dossier.staging_run')::bigint,
      alter column ordinal set default nextval('staged_photos_ordinal'),
      add constraint staged_photos_bounds check (octet_length(sha256) = 32 and char_length(features) <= 11000);

    -- Dossiers whose photos the sync left as they were: they need no copy to be taken back.
    alter table journal_dossiers add column photos_kept boolean not null default false;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
