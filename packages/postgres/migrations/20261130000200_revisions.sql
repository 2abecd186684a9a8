-- The one path by which a list changes: revisions, counts, tombstones and the digest.
--
-- Whoever writes rows locks the list's row in list_positions first (several by id), holds it until the commit, and says so by
-- set_config('dossier.writer', 'on', true): it brings hash and revision of each row, and calls book() once for all of them. For everybody else
-- triggers do the same.

-- A transaction with one snapshot for all its statements would not see what others committed while it waited for a lock.
create function require_read_committed() returns void language plpgsql as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'watch lists are changed in READ COMMITTED transactions only, this one is %', current_setting('transaction_isolation')
      using errcode = 'feature_not_supported';
  end if;
end $$;

-- The tree over the uuids of a set (docs/protocol.md, "Digest"). A node with at most 32 rows is a leaf; others have a child for each next
-- hexadecimal digit under which there are rows.
create table tree_nodes (
  set_id bigint not null,
  prefix text collate "C" not null,
  count bigint not null,
  hash bytea not null,
  primary key (set_id, prefix)
);

create function first_uuid(prefix text) returns uuid language sql immutable parallel safe as $$ select rpad(prefix, 32, '0')::uuid $$;
create function last_uuid(prefix text) returns uuid language sql immutable parallel safe as $$ select rpad(prefix, 32, 'f')::uuid $$;

-- How many rows a set holds under each of some prefixes, and their hash as a leaf; 33 for more than a leaf may hold.
create function read_leaves(of_set bigint, prefixes text[]) returns table (prefix text, count bigint, hash bytea)
  language plpgsql stable set plan_cache_mode = force_custom_plan as $$
begin
  return query select p.prefix, l.count, l.hash
  from unnest(prefixes) p (prefix) cross join lateral (
    select count(*) as count, sha256('\x00'::bytea || convert_to(p.prefix, 'UTF8') || string_agg(uuid_send(r.uuid) || r.hash, ''::bytea order by r.uuid)) as hash
    from (
      select d.uuid, d.hash from dossiers d
      where d.set_id = of_set and d.uuid between first_uuid(p.prefix) and last_uuid(p.prefix) order by d.uuid limit 33
    ) r
  ) l;
end $$;

-- Makes anew the inner nodes of the given prefixes, which have the same length, from their children. One that comes to 32 rows or fewer becomes a leaf,
-- one without rows goes.
create function join_children(of_set bigint, prefixes text[]) returns void language plpgsql as $$
declare merged text[];
begin
  with joined as (
    select p.prefix, coalesce(sum(c.count), 0) as count,
      sha256('\x01'::bytea || convert_to(p.prefix, 'UTF8') || string_agg(coalesce(c.hash, decode(repeat('00', 32), 'hex')), ''::bytea order by digit)) as hash
    from unnest(prefixes) p (prefix) cross join unnest(string_to_array('0123456789abcdef', null)) digit
    left join lateral (select t.count, t.hash from tree_nodes t where t.set_id = of_set and t.prefix = p.prefix || digit limit 1) c on true
    group by p.prefix
  ), inner_nodes as (
    insert into tree_nodes (set_id, prefix, count, hash) select of_set, prefix, count, hash from joined where count > 32
    on conflict (set_id, prefix) do update set count = excluded.count, hash = excluded.hash
  )
  select array_agg(prefix) into merged from joined where count <= 32;
  if merged is null then
    return;
  end if;
  delete from tree_nodes t using unnest(merged) m (prefix) where t.set_id = of_set and t.prefix >= m.prefix and t.prefix < m.prefix || 'g';
  insert into tree_nodes (set_id, prefix, count, hash)
  select of_set, l.prefix, l.count, l.hash from read_leaves(of_set, merged) l where l.count > 0;
end $$;

-- Makes the part of a set's tree under a prefix from its rows.
create function build_tree(of_set bigint, under text default '') returns void language plpgsql set plan_cache_mode = force_custom_plan as $$
declare
  rows_under bigint;
  base int;
  depth int;
  found bigint;
begin
  delete from tree_nodes where set_id = of_set and prefix >= under and prefix < under || 'g';
  select count(*) into rows_under from dossiers where set_id = of_set and uuid between first_uuid(under) and last_uuid(under);
  if rows_under = 0 then
    return;
  end if;
  -- Where random uuids have about as many rows as a leaf takes; what has more is split, what has fewer is joined below.
  base := least(32, length(under) + case when rows_under <= 32 then 0 else ceil(ln(rows_under / 32.0) / ln(16))::int end);
  insert into tree_nodes (set_id, prefix, count, hash)
  select of_set, prefix, count(*),
    case when count(*) <= 32 then sha256('\x00'::bytea || convert_to(prefix, 'UTF8') || string_agg(uuid_send(uuid) || hash, ''::bytea order by uuid)) else '' end
  from (
    select uuid, hash, substr(encode(uuid_send(uuid), 'hex'), 1, base) as prefix
    from dossiers where set_id = of_set and uuid between first_uuid(under) and last_uuid(under)
  ) d group by prefix;
  depth := base;
  loop
    insert into tree_nodes (set_id, prefix, count, hash)
    select of_set, child.prefix, child.count, coalesce(child.hash, '')
    from tree_nodes t cross join lateral (
      select prefix, count(*), case when count(*) <= 32 then
        sha256('\x00'::bytea || convert_to(prefix, 'UTF8') || string_agg(uuid_send(uuid) || d.hash, ''::bytea order by uuid)) end as hash
      from (
        select uuid, d.hash, substr(encode(uuid_send(uuid), 'hex'), 1, depth + 1) as prefix
        from dossiers d where d.set_id = of_set and uuid between first_uuid(t.prefix) and last_uuid(t.prefix)
      ) d group by prefix
    ) child
    where t.set_id = of_set and t.prefix >= under and t.prefix < under || 'g' and length(t.prefix) = depth and t.count > 32;
    get diagnostics found = row_count;
    exit when found = 0;
    depth := depth + 1;
  end loop;
  for level in reverse depth - 1 .. length(under) loop
    perform join_children(of_set, array(
      select distinct left(prefix, level) from tree_nodes
      where set_id = of_set and prefix >= under and prefix < under || 'g' and length(prefix) = level + 1));
  end loop;
end $$;

-- Brings a set's tree up to date with the changes above a revision.
create function renew_tree(of_set bigint, since bigint) returns void language plpgsql set plan_cache_mode = force_custom_plan as $$
declare
  -- Digits of the changed uuids under nodes that have children.
  changed text[];
  level int := 0;
  level_slots text[];
  level_ancestors text[];
  slots text[];
  ancestors text[];
  split text[];
begin
  select array_agg(encode(uuid_send(uuid), 'hex')) into changed from (
    select uuid from dossiers where set_id = of_set and revision > since
    union all select uuid from tombstones where set_id = of_set and revision > since
  ) c;
  while changed is not null loop
    with places as (
      select p.prefix, coalesce(t.count, 0) as count from (select distinct left(digits, level) as prefix from unnest(changed) c (digits)) p
      left join lateral (select n.count from tree_nodes n where n.set_id = of_set and n.prefix = p.prefix limit 1) t on true
    )
    select array_agg(prefix) filter (where count <= 32), array_agg(prefix) filter (where count > 32),
      (select array_agg(digits) from unnest(changed) c (digits) join places on prefix = left(digits, level) and count > 32)
    into level_slots, level_ancestors, changed from places;
    slots := slots || level_slots;
    ancestors := ancestors || level_ancestors;
    level := level + 1;
  end loop;

  delete from tree_nodes where set_id = of_set and prefix = any (slots);
  with leaves as (select l.prefix, l.count, l.hash from read_leaves(of_set, slots) l),
  kept as (
    insert into tree_nodes (set_id, prefix, count, hash) select of_set, prefix, count, hash from leaves where count between 1 and 32
  )
  select array_agg(prefix) into split from leaves where count > 32;
  perform build_tree(of_set, prefix) from unnest(split) s (prefix);

  for depth in reverse level - 2 .. 0 loop
    perform join_children(of_set, array(select prefix from unnest(ancestors) a (prefix) where length(prefix) = depth));
  end loop;
end $$;

-- The digest of a set whose tree is whole: SHA-256 over 0x02, the version, the count in eight bytes and the tree's root.
create function set_digest(of_set bigint) returns bytea language sql stable as $$
  select sha256('\x0201'::bytea || int8send(coalesce(max(count), 0)) || coalesce((array_agg(hash))[1], sha256('\x00'::bytea)))
  from tree_nodes where set_id = of_set and prefix = ''
$$;

-- How many changes a write may bring whose digest is computed with it; what is longer leaves that to settle_digest().
create function digest_at_once() returns bigint language sql immutable as $$ select 1000::bigint $$;

-- Computes and stores the digest of a list, where it isn't known, and returns it; null if there is no such list. In a READ COMMITTED transaction it
-- locks the list's row first and reads the rows after, so that the digest is that of the newest rows.
create function settle_digest(of_list bigint) returns bytea language plpgsql as $$
declare
  place list_positions;
  changes bigint;
begin
  perform require_read_committed();
  select * into place from list_positions where list_id = of_list for no key update;
  if place.digest is not null or place.list_id is null then
    return place.digest;
  end if;
  select count(*) into changes from (
    select from dossiers where set_id = place.set_id and revision > place.tree_revision limit 1 + place.dossier_count / 4
  ) c;
  if changes > 100 and changes > place.dossier_count / 4 then
    perform build_tree(place.set_id);
  else
    perform renew_tree(place.set_id, place.tree_revision);
  end if;
  update list_positions set digest = set_digest(place.set_id), tree_revision = revision where list_id = of_list returning digest into place.digest;
  return place.digest;
end $$;

-- Books what a transaction wrote into a list whose row it holds: by how many dossiers the list grew, how many changed in all, and the highest revision
-- that it drew.
create function book(of_list bigint, growth bigint, changes bigint, head bigint) returns void language plpgsql as $$
begin
  perform require_read_committed();
  update list_positions set dossier_count = dossier_count + growth, revision = head, digest = null, changed_date = clock_timestamp()
    where list_id = of_list and revision < head;
  if not found then
    raise exception 'watch list % stands at or above revision %, which was to be its head', of_list, head using errcode = 'check_violation';
  end if;
  -- Whoever writes into a list that was withdrawn and is linked no more has made it this node's own.
  if growth > 0 then
    delete from withdrawn_lists w where w.list_id = of_list and not exists (select from links k where k.slave_list_id = of_list);
  end if;
  if changes <= digest_at_once() then
    perform settle_digest(of_list);
  end if;
end $$;

-- For who writes by hand: locks the list of a set, keeps in mind by how much it grows, and draws a revision.
create function draw_by_hand(of_set bigint, growth int, inserted uuid default null) returns bigint language plpgsql as $$
declare tally jsonb := coalesce(nullif(current_setting('dossier.tally', true), ''), '{}')::jsonb;
begin
  perform require_read_committed();
  perform from list_positions where set_id = of_set for no key update;
  if not found then
    raise exception 'the set % is not the one of a watch list', of_set using errcode = 'foreign_key_violation',
      hint = 'list_positions says which set is a list''s.';
  end if;
  -- A dossier that is there already comes by ON CONFLICT, and no row more: whoever inserts it without meets the index.
  if exists (select from dossiers where set_id = of_set and uuid = inserted) then
    growth := 0;
  end if;
  perform set_config('dossier.tally', jsonb_set(tally, array[of_set::text], to_jsonb(coalesce((tally ->> of_set::text)::bigint, 0) + growth))::text, true);
  return nextval('dossier_revisions');
end $$;

create function write_by_hand() returns trigger language plpgsql as $$
begin
  -- Rows of sets that no list points at are a run's, a hold's or an undo's, and nobody sees them.
  if tg_op <> 'INSERT' and not exists (select from list_positions where set_id = old.set_id) then
    return null;
  end if;
  if tg_op = 'DELETE' then
    perform note_lost_photos(old.photos);
    insert into tombstones (set_id, uuid, revision) values (old.set_id, old.uuid, draw_by_hand(old.set_id, -1))
    on conflict (set_id, uuid) do update set revision = excluded.revision, removed_date = excluded.removed_date;
    return old;
  end if;
  new.hash := dossier_hash(new.active, new.external_id, new.name, new.comment, new.valid_from, new.valid_until, new.meta, new.photos, new.features);
  if tg_op = 'INSERT' then
    new.revision := draw_by_hand(new.set_id, 1, new.uuid);
    new.id := coalesce((select d.id from list_positions p join dossiers d on d.set_id = p.set_id and d.uuid = new.uuid limit 1), new.id);
    delete from tombstones where set_id = new.set_id and uuid = new.uuid;
    return new;
  end if;
  if (new.set_id, new.uuid) is distinct from (old.set_id, old.uuid) then
    raise exception 'a dossier''s set and uuid are never changed' using errcode = 'feature_not_supported';
  end if;
  new.revision := old.revision;
  if new.photos::text <> old.photos::text then
    perform note_lost_photos(old.photos);
  end if;
  if new.hash is distinct from old.hash then
    new.revision := draw_by_hand(new.set_id, 0);
    if new.modified_date = old.modified_date then
      new.modified_date := clock_timestamp();
    end if;
  end if;
  return new;
end $$;

create function book_by_hand() returns trigger language plpgsql as $$
declare entry record;
begin
  for entry in
    select p.list_id, value::bigint as growth from jsonb_each_text(coalesce(nullif(current_setting('dossier.tally', true), ''), '{}')::jsonb)
    join list_positions p on p.set_id = key::bigint order by p.list_id
  loop
    -- How many changed isn't kept in mind; the digest costs by what did.
    perform book(entry.list_id, entry.growth, 0, currval('dossier_revisions'));
  end loop;
  perform set_config('dossier.tally', '', true);
  return null;
end $$;

create function refuse_truncation() returns trigger language plpgsql as $$
begin
  raise exception 'dossiers are deleted, not truncated: their followers would not hear of it' using errcode = 'feature_not_supported';
end $$;

create trigger dossiers_written_by_hand before insert or update or delete on dossiers for each row
  when (current_setting('dossier.writer', true) is distinct from 'on') execute function write_by_hand();
create trigger dossiers_booked_by_hand after insert or update or delete on dossiers for each statement
  when (current_setting('dossier.writer', true) is distinct from 'on') execute function book_by_hand();
create trigger dossiers_not_truncated before truncate on dossiers for each statement execute function refuse_truncation();

create function watch_lists_inserted() returns trigger language plpgsql as $$
begin
  insert into list_positions (list_id, digest) values (new.id, sha256('\x0201'::bytea || int8send(0) || sha256('\x00'::bytea)));
  return null;
end $$;
create trigger watch_lists_inserted after insert on watch_lists for each row execute function watch_lists_inserted();
