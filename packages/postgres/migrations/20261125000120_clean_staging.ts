import type { Knex } from 'knex';

/** Staging that leaves nothing behind: deleted rows would stay in the way of every later run until a vacuum comes. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    -- Forgets what a run has staged. Tables that have grown are emptied as a whole when no other run uses them at this moment.
    create function clear_staging(run bigint) returns void language plpgsql as $$
    declare is_large boolean := pg_relation_size('staged_dossiers') + pg_relation_size('staged_photos') + pg_relation_size('staged_hashes') > 4194304;
    begin
      if is_large then
        begin
          lock table staging_cursors, staged_dossiers, staged_photos, staged_hashes in access exclusive mode nowait;
          if not exists (select from staging_cursors where run_id <> run)
            and not exists (select from staged_dossiers where run_id <> run)
            and not exists (select from staged_photos where run_id <> run)
            and not exists (select from staged_hashes where run_id <> run)
          then
            truncate staging_cursors, staged_dossiers, staged_photos, staged_hashes;
          end if;
        exception when lock_not_available then null;
        end;
      end if;
      delete from staging_cursors where run_id = run;
      delete from staged_dossiers where run_id = run;
      delete from staged_photos where run_id = run;
      delete from staged_hashes where run_id = run;
      if to_regnamespace('loading_' || run) is not null then
        execute format('drop schema %I cascade', 'loading_' || run);
      end if;
    end $$;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
