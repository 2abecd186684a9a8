import type { Knex } from 'knex';

/**
 * Triggers plan for as many rows as they are called for. PL/pgSQL keeps the plan of a statement until its connection ends or its tables are analysed, made
 * for as many rows as the first change had: after a change of thousands each change of one read all memberships, dossiers or photos of the node. A
 * statement that is executed as a text is planned each time, and the planner knows how many rows a transition table has. It mustn't begin with the
 * list, though, of which it knows nothing while it is new and takes it for a row or two; nor without nested loops, where the caller does.
 *
 * The lines of photos become bytes without a look at whether they are characters: what a failing disk did to a text could not be repaired otherwise.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    -- The hash of a dossier's photos. "lines": their photo_line(), in the order of their addresses, put together; null if there are none. A text becomes
    -- its bytes by the cast, in which a backslash is doubled.
    create function photos_hash(lines text) returns bytea language sql immutable parallel safe as $$
      select coalesce(sha256(replace(lines, '\', '\\')::bytea), '')
    $$;

    -- A row may come with a revision and a hash only from a block that this same transaction drew with draw_revisions().
    create or replace function memberships_inserted() returns trigger language plpgsql set enable_nestloop = on as $$
    declare
      list record;
      first_revision bigint;
    begin
      perform require_read_committed();
      -- What this very transaction wrote is locked already. A share lock makes a concurrent change of the dossier's content wait,
      -- and then see this membership.
      execute
        'select from dossiers d
         where d.uuid in (select dossier from inserted) and d.xmin <> pg_current_xact_id()::xid
         order by d.uuid for share';
      for list in execute
        'select i.list_id, count(*) as members, count(d.uuid) as known, count(*) filter (where i.revision = 0) as unbooked,
           coalesce(bool_or(i.revision <> 0 and (i.hash_high <> hash_high(d.hash) or i.hash_low <> hash_low(d.hash))), false) as wrong,
           max(i.revision) as highest,
           coalesce(bit_xor(hash_high(d.hash)) filter (where i.revision = 0), 0) as xor_high,
           coalesce(bit_xor(hash_low(d.hash)) filter (where i.revision = 0), 0) as xor_low
         from inserted i left join dossiers d on d.uuid = i.dossier
         group by i.list_id order by i.list_id'
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
          first_revision := draw_revisions(list.list_id, list.unbooked, list.unbooked, list.xor_high, list.xor_low);
          execute
            'update memberships m
             set revision = $2 + o.ordinal - 1, hash_high = hash_high(o.hash), hash_low = hash_low(o.hash)
             from (
               select i.list_id, i.dossier, d.hash, row_number() over (order by i.dossier) as ordinal
               from inserted i join dossiers d on d.uuid = i.dossier
               where i.list_id = $1 and i.revision = 0
             ) o
             where m.list_id = o.list_id and m.dossier = o.dossier'
            using list.list_id, first_revision;
        end if;
      end loop;
      execute 'delete from tombstones t using inserted i where t.list_id = i.list_id and t.dossier = i.dossier';
      return null;
    end $$;
    drop function plan_freely();

    -- A join of "before" and "after" would be taken for a two-hundredth of all pairs, since nothing says that uuids are unique there; EXISTS can't be more
    -- than "after". With "+ 0" memberships are found by their dossier, not by their list.
    create or replace function dossiers_updated() returns trigger language plpgsql set enable_nestloop = on as $$
    declare
      list record;
      first_revision bigint;
      booked bigint;
      changed boolean;
    begin
      execute 'select exists (select from after a where exists (select from before b where b.uuid = a.uuid and b.hash <> a.hash))' into changed;
      if not changed then
        return null;
      end if;
      perform require_read_committed();
      for list in execute
        'select m.list_id, count(*) as members,
           bit_xor(m.hash_high # hash_high(a.hash)) as xor_high, bit_xor(m.hash_low # hash_low(a.hash)) as xor_low
         from after a join memberships m on m.dossier = a.uuid
         where exists (select from before b where b.uuid = a.uuid and b.hash <> a.hash)
         group by m.list_id order by m.list_id'
      loop
        first_revision := draw_revisions(list.list_id, list.members, 0, list.xor_high, list.xor_low);
        execute
          'update memberships m
           set revision = $2 + o.ordinal - 1, hash_high = hash_high(o.hash), hash_low = hash_low(o.hash)
           from (
             select k.list_id, a.uuid, a.hash, row_number() over (order by a.uuid) as ordinal
             from after a join memberships k on k.dossier = a.uuid and k.list_id + 0 = $1
             where exists (select from before b where b.uuid = a.uuid and b.hash <> a.hash)
           ) o
           where m.list_id = o.list_id and m.dossier = o.uuid'
          using list.list_id, first_revision;
        get diagnostics booked = row_count;
        if booked <> list.members then
          raise exception 'a membership went away while its dossier changed' using errcode = 'serialization_failure';
        end if;
      end loop;
      return null;
    end $$;

    create or replace function photos_touched() returns trigger language plpgsql set enable_nestloop = on as $$
    declare
      orphaned boolean;
    begin
      if not exists (select from touched) then
        return null;
      end if;
      perform require_read_committed();
      execute
        'select from dossiers d
         where d.uuid in (select dossier from touched) and d.xmin <> pg_current_xact_id()::xid
         order by d.uuid for update';
      if tg_op = 'INSERT' then
        execute 'select exists (select from touched t where not exists (select from dossiers d where d.uuid = t.dossier))' into orphaned;
        if orphaned then
          raise exception 'a photo names a dossier that is not there' using errcode = 'foreign_key_violation', constraint = 'photos_dossier';
        end if;
      end if;
      if tg_op = 'DELETE' then
        insert into photo_garbage (sha256) select distinct sha256 from touched on conflict do nothing;
      end if;
      execute
        'update dossiers d
         set photo_count = s.photo_count, photos_hash = s.photos_hash
         from (
           select t.dossier, count(p.sha256) as photo_count,
             photos_hash(string_agg(photo_line(p.sha256, p.width, p.height, p.bytes, p.media_type, p.features), '''' order by p.sha256)) as photos_hash
           from (select distinct dossier from touched) t left join photos p on p.dossier = t.dossier
           group by t.dossier
         ) s
         where d.uuid = s.dossier and (d.photo_count, d.photos_hash) is distinct from (s.photo_count::int, s.photos_hash)';
      return null;
    end $$;

    create or replace function memberships_deleted() returns trigger language plpgsql set enable_nestloop = on as $$
    declare
      list record;
      first_revision bigint;
    begin
      if not exists (select from deleted) then
        return null;
      end if;
      perform require_read_committed();
      execute 'select from dossiers d where d.uuid in (select dossier from deleted) order by d.uuid for update';
      for list in
        select list_id, count(*) as members, bit_xor(hash_high) as xor_high, bit_xor(hash_low) as xor_low
        from deleted group by list_id order by list_id
      loop
        first_revision := draw_revisions(list.list_id, list.members, -list.members, list.xor_high, list.xor_low);
        insert into tombstones (list_id, dossier, revision)
        select list_id, dossier, first_revision + row_number() over (order by dossier) - 1
        from deleted where list_id = list.list_id
        on conflict (list_id, dossier) do update set revision = excluded.revision, removed_date = excluded.removed_date;
      end loop;
      execute
        'delete from dossiers d
         where d.uuid in (select dossier from deleted) and not exists (select from memberships m where m.dossier = d.uuid)';
      return null;
    end $$;

    create or replace function dossiers_deleted() returns trigger language plpgsql set enable_nestloop = on as $$
    begin
      if not exists (select from deleted) then
        return null;
      end if;
      execute 'delete from memberships where dossier in (select uuid from deleted)';
      execute 'delete from photos where dossier in (select uuid from deleted)';
      return null;
    end $$;

    create or replace function computed_hash(d dossiers) returns bytea language sql stable parallel safe as $$
      select dossier_hash(d.uuid, d.name, d.comment, d.active, d.meta, d.external_id, (
        select photos_hash(string_agg(photo_line(p.sha256, p.width, p.height, p.bytes, p.media_type, p.features), '' order by p.sha256))
        from photos p where p.dossier = d.uuid))
    $$;

    -- Books the given dossiers of a list anew from their columns, after something changed them behind the triggers' back, and
    -- computes the list's count and digest from its rows.
    create or replace function rebook_memberships(list bigint, wrong uuid[]) returns void language plpgsql as $$
    declare first_revision bigint;
    begin
      perform require_read_committed();
      perform 1 from dossiers where uuid = any(wrong) order by uuid for update;
      -- Writing the photos' hash computes the dossier's hash from its columns as they are now.
      update dossiers d
      set photo_count = s.photo_count, photos_hash = s.photos_hash
      from (
        select w.uuid, count(p.sha256) as photo_count,
          photos_hash(string_agg(photo_line(p.sha256, p.width, p.height, p.bytes, p.media_type, p.features), '' order by p.sha256)) as photos_hash
        from unnest(wrong) as w (uuid) left join photos p on p.dossier = w.uuid
        group by w.uuid
      ) s
      where d.uuid = s.uuid;
      delete from memberships m where m.list_id = list and m.dossier = any(wrong) and not exists (select from dossiers d where d.uuid = m.dossier);
      first_revision := draw_revisions(list, cardinality(wrong), 0, 0, 0);
      perform set_config('dossier.rebooking', 'on', true);
      update memberships m
      set revision = first_revision + o.ordinal - 1, hash_high = hash_high(d.hash), hash_low = hash_low(d.hash)
      from unnest(wrong) with ordinality as o (uuid, ordinal) join dossiers d on d.uuid = o.uuid
      where m.list_id = list and m.dossier = o.uuid;
      perform set_config('dossier.rebooking', 'off', true);
      update list_positions p
      set dossier_count = s.dossier_count, digest_high = s.digest_high, digest_low = s.digest_low
      from (
        select count(*) as dossier_count, coalesce(bit_xor(hash_high), 0) as digest_high, coalesce(bit_xor(hash_low), 0) as digest_low
        from memberships where list_id = list
      ) s
      where p.list_id = list;
    end $$;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
