import type { Knex } from 'knex';

/**
 * A load makes its indexes like those of the node's tables, whose definitions name the table. Another load may put its own tables into their place between
 * two looks at the catalogue: whatever table a definition names is replaced, not the one that was there at the first look.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    create or replace function index_load(run bigint, part text, only_key boolean) returns void language plpgsql as $$
    declare
      area text := 'loading_' || run;
      wanted record;
    begin
      for wanted in
        select c.relname as name, k.contype,
          case when k.oid is null then regexp_replace(pg_get_indexdef(c.oid), ' ON [^(]* USING ', format(' ON %I.%I USING ', area, part))
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
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
