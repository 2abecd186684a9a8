import type { Knex } from 'knex';

/**
 * Loading: a link's first sync fills tables of its own, which then take the place of the node's. They stand in the schema loading_<run>, those
 * that they replaced in retired_<run> until they are dropped. Everything about the tables is taken from the catalogue at that moment, so that a
 * later migration may change them.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    alter table staging_cursors add column loading boolean not null default false;

    -- Why the node's tables can't be replaced, or null if they can: somebody made something of them that would be lost.
    create function load_refusal() returns text language sql stable as $$
      select case
        when c.relowner <> (select oid from pg_roles where rolname = current_user) then 'has another owner'
        when c.relkind <> 'r' or c.relispartition or c.relhassubclass or c.relpersistence <> 'p' then 'is no plain table'
        when c.relacl is not null then 'has privileges of its own'
        when c.reloptions is not null or c.reltablespace <> 0 then 'has storage options'
        when c.relrowsecurity or c.relhasrules or c.relreplident <> 'd' then 'has policies, rules or a replica identity'
        when exists (select from pg_constraint k where c.oid in (k.conrelid, k.confrelid) and k.contype = 'f') then 'has foreign keys'
        when exists (select from pg_depend d where d.classid = 'pg_rewrite'::regclass and d.refobjid = c.oid) then 'is part of a view'
        when exists (select from pg_publication where puballtables)
          or exists (select from pg_publication_rel p where p.prrelid = c.oid) then 'is published to subscribers'
        when exists (select from pg_statistic_ext s where s.stxrelid = c.oid) then 'has extended statistics'
        when exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgenabled <> 'O') then 'has triggers that are switched off'
        when exists (select from offline_deletions where settled_as is null) then 'waits for dossiers that were deleted here'
        when not has_database_privilege(current_database(), 'create') then 'is in a database in which no schema can be made'
        end
      from pg_class c
      where c.oid in ('dossiers'::regclass, 'memberships'::regclass, 'photos'::regclass)
      order by 1 nulls last limit 1
    $$;

    -- Makes the tables of a run: the same columns and checks as the node's, no indexes, no triggers. Numbers come from the node's sequences.
    create function begin_load(run bigint) returns void language plpgsql as $$
    declare
      area text := 'loading_' || run;
      part text;
    begin
      execute format('drop schema if exists %I cascade', area);
      execute format('create schema %I', area);
      foreach part in array array['dossiers', 'memberships', 'photos'] loop
        execute format('create table %I.%I (like %s including defaults including constraints including generated including storage including compression)
          with (autovacuum_enabled = false)', area, part, part::regclass);
      end loop;
      foreach part in array array['dossiers', 'photos'] loop
        execute format('alter table %I.%I alter column id set default nextval(%L)', area, part, pg_get_serial_sequence(part, 'id'));
      end loop;
    end $$;

    -- Gives one table of a run those indexes of the node's table that it hasn't got yet, or only the one of the primary key.
    create function index_load(run bigint, part text, only_key boolean) returns void language plpgsql as $$
    declare
      area text := 'loading_' || run;
      live text := (select quote_ident(nspname) || '.' || quote_ident(relname) from pg_class c join pg_namespace n on n.oid = relnamespace where c.oid = part::regclass);
      wanted record;
    begin
      for wanted in
        select c.relname as name, k.contype,
          case when k.oid is null then replace(pg_get_indexdef(c.oid), ' ON ' || live || ' ', format(' ON %I.%I ', area, part))
            else format('alter table %I.%I add constraint %I %s', area, part, k.conname, pg_get_constraintdef(k.oid)) end as statement
        from pg_index i join pg_class c on c.oid = i.indexrelid
        left join pg_constraint k on k.conindid = c.oid and k.contype in ('p', 'u', 'x')
        where i.indrelid = part::regclass and (not only_key or i.indisprimary)
        order by i.indisprimary desc, c.oid
      loop
        if to_regclass(format('%I.%I', area, wanted.name)) is null then
          execute wanted.statement;
          if to_regclass(format('%I.%I', area, wanted.name)) is null then
            raise exception 'the index % of % could not be made again', wanted.name, part using errcode = 'feature_not_supported';
          end if;
        end if;
      end loop;
    end $$;

    -- Puts the tables of a run into the place of the node's, with what the node holds besides. Until the last moment readers are not held up;
    -- then for a few catalogue entries, and for no longer than 50 ms while older readers still hold the old tables: lock_not_available is raised.
    create function adopt_load(run bigint, list bigint, most_others bigint) returns void language plpgsql as $$
    declare
      area text := 'loading_' || run;
      retired text := 'retired_' || run;
      home text := (select nspname from pg_class c join pg_namespace n on n.oid = relnamespace where c.oid = 'dossiers'::regclass);
      part text;
      columns text;
      sequence_name text;
      next_number bigint;
      helpers text[];
      statement text;
    begin
      lock table dossiers, memberships, photos in share row exclusive mode;
      if load_refusal() is not null then
        raise exception 'the tables can''t be replaced: one %', load_refusal() using errcode = 'object_not_in_prerequisite_state';
      end if;
      if exists (select from memberships where list_id = list) or (select count(*) from (select from dossiers limit most_others + 1) o) > most_others then
        raise exception 'the node holds too much besides' using errcode = 'object_not_in_prerequisite_state';
      end if;
      foreach part in array array['dossiers', 'memberships', 'photos'] loop
        if exists (
          select attname, atttypid, atttypmod, attcollation, attgenerated from pg_attribute where attrelid = part::regclass and attnum > 0 and not attisdropped
          except
          select attname, atttypid, atttypmod, attcollation, attgenerated from pg_attribute where attrelid = format('%I.%I', area, part)::regclass and attnum > 0
        ) then
          raise exception 'the table % was changed meanwhile', part using errcode = 'object_not_in_prerequisite_state';
        end if;
        select string_agg(quote_ident(attname), ', ' order by attnum) into columns
        from pg_attribute where attrelid = part::regclass and attnum > 0 and not attisdropped and attgenerated = '';
        execute format('insert into %I.%I (%s) select %s from %s', area, part, columns, columns, part::regclass);
        for statement in
          select replace(pg_get_triggerdef(oid), format(' ON %I.%I ', home, part), format(' ON %I.%I ', area, part)) from pg_trigger
          where tgrelid = part::regclass and not tgisinternal order by tgname
        loop
          execute statement;
        end loop;
        if (select count(*) from pg_trigger where tgrelid = part::regclass) <> (select count(*) from pg_trigger where tgrelid = format('%I.%I', area, part)::regclass) then
          raise exception 'the triggers of % could not be made again', part using errcode = 'feature_not_supported';
        end if;
        execute format('alter table %I.%I reset (autovacuum_enabled)', area, part);
      end loop;
      foreach part in array array['dossiers', 'photos'] loop
        sequence_name := pg_get_serial_sequence(part, 'id');
        execute format('select last_value + case when is_called then 1 else 0 end from %s', sequence_name) into next_number;
        execute format('alter table %I.%I alter column id drop default, alter column id add generated by default as identity (sequence name %I.%I start with %s)',
          area, part, area, (select relname from pg_class where oid = sequence_name::regclass), next_number);
      end loop;
      perform set_config('lock_timeout', '50ms', true);
      lock table dossiers, memberships, photos in access exclusive mode;
      -- Functions that take a row of one of the tables follow it.
      select array_agg(pg_get_functiondef(p.oid)) into helpers
      from pg_proc p where exists (
        select from pg_depend d join pg_class c on c.reltype = d.refobjid
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.refclassid = 'pg_type'::regclass
          and c.oid in ('dossiers'::regclass, 'memberships'::regclass, 'photos'::regclass));
      for statement in
        select 'drop function ' || p.oid::regprocedure from pg_proc p where exists (
          select from pg_depend d join pg_class c on c.reltype = d.refobjid
          where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.refclassid = 'pg_type'::regclass
            and c.oid in ('dossiers'::regclass, 'memberships'::regclass, 'photos'::regclass))
      loop
        execute statement;
      end loop;
      execute format('create schema %I', retired);
      foreach part in array array['dossiers', 'memberships', 'photos'] loop
        execute format('alter table %I.%I set schema %I', home, part, retired);
        execute format('alter table %I.%I set schema %I', area, part, home);
      end loop;
      foreach statement in array coalesce(helpers, '{}') loop
        execute statement;
      end loop;
      execute format('drop schema %I', area);
    end $$;

    -- Drops what loads left: tables that were replaced, and those of runs that are over. A schema that is still in use stays for the next time.
    create function sweep_loads() returns void language plpgsql as $$
    declare area text;
    begin
      for area in
        select nspname from pg_namespace n
        where nspname ~ '^(retired|loading)_[0-9]+$' and pg_has_role(nspowner, 'usage')
          and (nspname like 'retired%' or not exists (
            select from runs r where r.finished_date is null and r.id = substring(nspname from 9)::bigint))
      loop
        begin
          perform set_config('lock_timeout', '1s', true);
          execute format('drop schema %I cascade', area);
        exception when lock_not_available then null;
        end;
      end loop;
    end $$;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
