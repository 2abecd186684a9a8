import type { Knex } from 'knex';

/**
 * Triggers plan for as many rows as they are called for. PL/pgSQL keeps the plan of a statement for as long as the connection lives, made for as many
 * rows as the first change had: after a change of thousands of dossiers each change of one read all memberships, photos or dossiers of the node. A
 * statement that is executed as a text is planned each time, and the planner knows how many rows a transition table has.
 *
 * The lines of photos become bytes without a look at whether they are characters: what a failing disk did to a text could not be repaired otherwise.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    -- Of all photo_line() of a dossier, ordered by their addresses and put together. A text becomes its bytes by the cast, in which a backslash is doubled.
    create function photos_hash(lines text) returns bytea language sql immutable parallel safe as $$
      select coalesce(sha256(replace(lines, '\', '\\')::bytea), '')
    $$;

    -- A row of "after" whose content is another than before is looked for by EXISTS: of a join the planner doesn't know that uuids are unique here.
    create or replace function dossiers_updated() returns trigger language plpgsql as $$
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
             select a.uuid, a.hash, row_number() over (order by a.uuid) as ordinal
             from after a join memberships k on k.dossier = a.uuid and k.list_id = $1
             where exists (select from before b where b.uuid = a.uuid and b.hash <> a.hash)
           ) o
           where m.list_id = $1 and m.dossier = o.uuid'
          using list.list_id, first_revision;
        get diagnostics booked = row_count;
        if booked <> list.members then
          raise exception 'a membership went away while its dossier changed' using errcode = 'serialization_failure';
        end if;
      end loop;
      return null;
    end $$;

    create or replace function photos_touched() returns trigger language plpgsql as $$
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

    create or replace function memberships_deleted() returns trigger language plpgsql as $$
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

    create or replace function dossiers_deleted() returns trigger language plpgsql as $$
    begin
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
