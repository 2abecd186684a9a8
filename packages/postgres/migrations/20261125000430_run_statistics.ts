import type { Knex } from 'knex';

/** What finished runs came to, summed up: runs are pruned, but counters of a monitoring system may only grow. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    create table run_statistics (
      slave_list_id bigint not null,
      result text not null,
      runs bigint not null default 0,
      -- Of runs that were started; buckets of at most 1, 5, 30, 120, 600 and 3600 seconds, not cumulated.
      timed bigint not null default 0,
      seconds double precision not null default 0,
      buckets bigint[] not null default '{0,0,0,0,0,0}',
      added bigint not null default 0,
      changed bigint not null default 0,
      removed bigint not null default 0,
      unchanged bigint not null default 0,
      photos bigint not null default 0,
      bytes bigint not null default 0,
      primary key (slave_list_id, result)
    );

    create function sum_up_run() returns trigger language plpgsql as $$
    declare
      took double precision := extract(epoch from new.finished_date - new.started_date);
      -- 0 below the first bound; 6 is above the last, which only the count of all shows.
      place int := width_bucket(took - 0.000001, array[1, 5, 30, 120, 600, 3600]::double precision[]);
    begin
      insert into run_statistics (slave_list_id, result) values (new.slave_list_id, new.state) on conflict do nothing;
      update run_statistics set runs = runs + 1, added = added + new.added, changed = changed + new.changed, removed = removed + new.removed,
        unchanged = unchanged + new.unchanged, photos = photos + new.photos_fetched, bytes = bytes + new.bytes,
        timed = timed + case when took is null then 0 else 1 end, seconds = seconds + coalesce(took, 0)
      where slave_list_id = new.slave_list_id and result = new.state;
      if place < 6 then
        update run_statistics set buckets[place + 1] = buckets[place + 1] + 1 where slave_list_id = new.slave_list_id and result = new.state;
      end if;
      return null;
    end $$;
    create trigger run_summed_up after update on runs for each row
      when (old.finished_date is null and new.finished_date is not null) execute function sum_up_run();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
