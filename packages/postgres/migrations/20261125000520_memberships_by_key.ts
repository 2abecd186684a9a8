import type { Knex } from 'knex';

/**
 * New memberships look their dossiers up by the key. Plans of a trigger are made once for each connection, usually for a table that is still small; kept
 * for an import, they read all dossiers twice for each batch, which took half of PostgreSQL's time at 100,000.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    -- For the rest of a function that restricts the planner, whose own setting ends with it. Where several indexes begin alike, the wrong one would do.
    create function plan_freely() returns void language plpgsql as $$
    begin
      perform set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true), set_config('enable_mergejoin', 'on', true);
    end $$;

    -- A row may come with a revision and a hash only from a block that this same transaction drew with draw_revisions().
    create or replace function memberships_inserted() returns trigger language plpgsql
      set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
    declare
      list record;
      first_revision bigint;
    begin
      perform require_read_committed();
      -- What this very transaction wrote is locked already. A share lock makes a concurrent change of the dossier's content wait,
      -- and then see this membership.
      perform 1 from dossiers d
        where d.uuid in (select dossier from inserted) and d.xmin <> pg_current_xact_id()::xid
        order by d.uuid for share;
      for list in
        select i.list_id, count(*) as members, count(d.uuid) as known, count(*) filter (where i.revision = 0) as unbooked,
          coalesce(bool_or(i.revision <> 0 and (i.hash_high <> hash_high(d.hash) or i.hash_low <> hash_low(d.hash))), false) as wrong,
          max(i.revision) as highest,
          coalesce(bit_xor(hash_high(d.hash)) filter (where i.revision = 0), 0) as xor_high,
          coalesce(bit_xor(hash_low(d.hash)) filter (where i.revision = 0), 0) as xor_low
        from inserted i left join dossiers d on d.uuid = i.dossier
        group by i.list_id order by i.list_id
      loop
        if list.known < list.members then
          raise exception 'a membership names a dossier that is not there' using errcode = 'foreign_key_violation', constraint = 'memberships_dossier';
        end if;
        if list.wrong or list.highest > 0 and not exists (
          select from list_positions p
          where p.list_id = list.list_id and p.revision >= list.highest and p.xmin = pg_current_xact_id()::xid
        ) then
          raise exception 'revisions and hashes of memberships are drawn, not set' using errcode = 'check_violation';
        end if;
        if list.unbooked > 0 then
          perform plan_freely();
          first_revision := draw_revisions(list.list_id, list.unbooked, list.unbooked, list.xor_high, list.xor_low);
          update memberships m
          set revision = first_revision + o.ordinal - 1, hash_high = hash_high(o.hash), hash_low = hash_low(o.hash)
          from (
            select i.dossier, d.hash, row_number() over (order by i.dossier) as ordinal
            from inserted i join dossiers d on d.uuid = i.dossier
            where i.list_id = list.list_id and i.revision = 0
          ) o
          where m.list_id = list.list_id and m.dossier = o.dossier;
        end if;
      end loop;
      perform plan_freely();
      delete from tombstones t using inserted i where t.list_id = i.list_id and t.dossier = i.dossier;
      return null;
    end $$;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
