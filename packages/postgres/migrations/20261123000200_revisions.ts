import type { Knex } from 'knex';

/**
 * The one path by which a list changes. Statement triggers draw revisions from the list's counter row, keep the list's digest
 * and leave tombstones, for the API, imports, replication and SQL by hand alike.
 *
 * Order: a revision is drawn under the row lock of list_positions, which is held until the commit; so if a < b in one list, the
 * transaction that wrote a committed before the one that wrote b. Locks are taken dossiers first (by uuid), then lists (by id).
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    -- A transaction with one snapshot for all its statements would not see what others committed while it waited for a lock.
    create function require_read_committed() returns void language plpgsql as $$
    begin
      if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'watch lists are changed in READ COMMITTED transactions only, this one is %', current_setting('transaction_isolation')
          using errcode = 'feature_not_supported';
      end if;
    end $$;

    -- Draws a block of revisions and books what it stands for; returns the first revision of the block.
    create function draw_revisions(list bigint, block bigint, count_change bigint, xor_high bigint, xor_low bigint)
      returns bigint language plpgsql as $$
    declare last_drawn bigint;
    begin
      update list_positions
      set revision = revision + block,
          dossier_count = dossier_count + count_change,
          digest_high = digest_high # xor_high,
          digest_low = digest_low # xor_low
      where list_id = list
      returning revision into last_drawn;
      if last_drawn is null then
        raise exception 'there is no watch list %', list using errcode = 'foreign_key_violation', constraint = 'memberships_list';
      end if;
      return last_drawn - block + 1;
    end $$;

    create function watch_lists_inserted() returns trigger language plpgsql as $$
    begin
      insert into list_positions (list_id) select id from inserted;
      return null;
    end $$;
    create trigger watch_lists_inserted after insert on watch_lists
      referencing new table as inserted for each statement execute function watch_lists_inserted();

    create function watch_lists_deleted() returns trigger language plpgsql as $$
    begin
      delete from memberships where list_id in (select id from deleted);
      delete from tombstones where list_id in (select id from deleted);
      delete from list_positions where list_id in (select id from deleted);
      return null;
    end $$;
    create trigger watch_lists_deleted after delete on watch_lists
      referencing old table as deleted for each statement execute function watch_lists_deleted();

    -- A row may come with a revision and a hash only from a block that this same transaction drew with draw_revisions().
    create function memberships_inserted() returns trigger language plpgsql as $$
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
      delete from tombstones t using inserted i where t.list_id = i.list_id and t.dossier = i.dossier;
      return null;
    end $$;
    create trigger memberships_inserted after insert on memberships
      referencing new table as inserted for each statement execute function memberships_inserted();

    create function memberships_updated() returns trigger language plpgsql as $$
    begin
      if pg_trigger_depth() = 1 and current_setting('dossier.rebooking', true) is distinct from 'on' then
        raise exception 'memberships are inserted and deleted, never updated' using errcode = 'feature_not_supported';
      end if;
      return null;
    end $$;
    create trigger memberships_updated before update on memberships for each statement execute function memberships_updated();

    -- A dossier that left its last list is deleted.
    create function memberships_deleted() returns trigger language plpgsql as $$
    declare
      list record;
      first_revision bigint;
    begin
      if not exists (select from deleted) then
        return null;
      end if;
      perform require_read_committed();
      perform 1 from dossiers d where d.uuid in (select dossier from deleted) order by d.uuid for update;
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
      delete from dossiers d
      where d.uuid in (select dossier from deleted) and not exists (select from memberships m where m.dossier = d.uuid);
      return null;
    end $$;
    create trigger memberships_deleted after delete on memberships
      referencing old table as deleted for each statement execute function memberships_deleted();

    -- A changed content is a new revision in every list that holds the dossier.
    create function dossiers_updated() returns trigger language plpgsql as $$
    declare
      list record;
      first_revision bigint;
      booked bigint;
    begin
      if not exists (select from before b join after a on a.uuid = b.uuid where a.hash <> b.hash) then
        return null;
      end if;
      perform require_read_committed();
      for list in
        select m.list_id, count(*) as members,
          bit_xor(m.hash_high # hash_high(a.hash)) as xor_high, bit_xor(m.hash_low # hash_low(a.hash)) as xor_low
        from before b join after a on a.uuid = b.uuid join memberships m on m.dossier = a.uuid
        where a.hash <> b.hash
        group by m.list_id order by m.list_id
      loop
        first_revision := draw_revisions(list.list_id, list.members, 0, list.xor_high, list.xor_low);
        update memberships m
        set revision = first_revision + o.ordinal - 1, hash_high = hash_high(o.hash), hash_low = hash_low(o.hash)
        from (
          select a.uuid, a.hash, row_number() over (order by a.uuid) as ordinal
          from before b join after a on a.uuid = b.uuid join memberships k on k.dossier = a.uuid and k.list_id = list.list_id
          where a.hash <> b.hash
        ) o
        where m.list_id = list.list_id and m.dossier = o.uuid;
        get diagnostics booked = row_count;
        if booked <> list.members then
          raise exception 'a membership went away while its dossier changed' using errcode = 'serialization_failure';
        end if;
      end loop;
      return null;
    end $$;
    create trigger dossiers_updated after update on dossiers
      referencing old table as before new table as after for each statement execute function dossiers_updated();

    create function dossiers_deleted() returns trigger language plpgsql as $$
    begin
      delete from memberships where dossier in (select uuid from deleted);
      delete from photos where dossier in (select uuid from deleted);
      return null;
    end $$;
    create trigger dossiers_deleted after delete on dossiers
      referencing old table as deleted for each statement execute function dossiers_deleted();

    -- The photos are part of a dossier's content: their hash in the dossier's row follows them.
    create function photos_touched() returns trigger language plpgsql as $$
    begin
      if not exists (select from touched) then
        return null;
      end if;
      perform require_read_committed();
      perform 1 from dossiers d
        where d.uuid in (select dossier from touched) and d.xmin <> pg_current_xact_id()::xid
        order by d.uuid for update;
      if tg_op = 'INSERT' and exists (select from touched t where not exists (select from dossiers d where d.uuid = t.dossier)) then
        raise exception 'a photo names a dossier that is not there' using errcode = 'foreign_key_violation', constraint = 'photos_dossier';
      end if;
      if tg_op = 'DELETE' then
        insert into photo_garbage (sha256) select distinct sha256 from touched on conflict do nothing;
      end if;
      update dossiers d
      set photo_count = s.photo_count, photos_hash = s.photos_hash
      from (
        select t.dossier, count(p.sha256) as photo_count,
          coalesce(sha256(convert_to(
            string_agg(photo_line(p.sha256, p.width, p.height, p.bytes, p.media_type, p.features), '' order by p.sha256), 'UTF8')), '') as photos_hash
        from (select distinct dossier from touched) t left join photos p on p.dossier = t.dossier
        group by t.dossier
      ) s
      where d.uuid = s.dossier and (d.photo_count, d.photos_hash) is distinct from (s.photo_count::int, s.photos_hash);
      return null;
    end $$;
    create trigger photos_inserted after insert on photos
      referencing new table as touched for each statement execute function photos_touched();
    create trigger photos_updated after update on photos
      referencing new table as touched for each statement execute function photos_touched();
    create trigger photos_deleted after delete on photos
      referencing old table as touched for each statement execute function photos_touched();

    -- The hash of a dossier computed from its columns and its photos' columns, whatever is stored.
    create function computed_hash(d dossiers) returns bytea language sql stable parallel safe as $$
      select dossier_hash(d.uuid, d.name, d.comment, d.active, d.meta, d.external_id, (
        select coalesce(sha256(convert_to(
          string_agg(photo_line(p.sha256, p.width, p.height, p.bytes, p.media_type, p.features), '' order by p.sha256), 'UTF8')), '')
        from photos p where p.dossier = d.uuid))
    $$;

    -- Books the given dossiers of a list anew from their columns, after something changed them behind the triggers' back, and
    -- computes the list's count and digest from its rows.
    create function rebook_memberships(list bigint, wrong uuid[]) returns void language plpgsql as $$
    declare first_revision bigint;
    begin
      perform require_read_committed();
      perform 1 from dossiers where uuid = any(wrong) order by uuid for update;
      -- Writing the photos' hash computes the dossier's hash from its columns as they are now.
      update dossiers d
      set photo_count = s.photo_count, photos_hash = s.photos_hash
      from (
        select w.uuid, count(p.sha256) as photo_count,
          coalesce(sha256(convert_to(
            string_agg(photo_line(p.sha256, p.width, p.height, p.bytes, p.media_type, p.features), '' order by p.sha256), 'UTF8')), '') as photos_hash
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

    create function refuse_statement() returns trigger language plpgsql as $$
    begin
      raise exception '% of % is not possible here: %', lower(tg_op), tg_table_name, tg_argv[0] using errcode = 'feature_not_supported';
    end $$;
    create trigger dossiers_keep_identity before update of uuid on dossiers
      for each statement execute function refuse_statement('the uuid is the identity of a dossier on all nodes');
    create trigger photos_keep_identity before update of dossier, sha256 on photos
      for each statement execute function refuse_statement('delete the photo and insert another');
    create trigger memberships_not_truncated before truncate on memberships
      for each statement execute function refuse_statement('slaves would not hear of it, delete the rows');
    create trigger dossiers_not_truncated before truncate on dossiers
      for each statement execute function refuse_statement('slaves would not hear of it, delete the rows');
    create trigger photos_not_truncated before truncate on photos
      for each statement execute function refuse_statement('slaves would not hear of it, delete the rows');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
