import type { Knex } from 'knex';

/** Who did what, from where and when: added to, never altered, and dropped only when its time is over. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    create function audit_retention() returns interval language sql immutable as $$ select interval '2 years' $$;

    create table audit (
      id bigint generated always as identity primary key,
      date timestamptz not null default clock_timestamp(),
      actor text not null,
      via text not null check (via in ('web', 'api', 'cli', 'node')),
      address text,
      action text not null,
      object_kind text not null,
      object_id text,
      object_name text,
      details jsonb not null default '{}'
    );
    create index audit_actor on audit (actor, id);
    create index audit_action on audit (action, id);
    create index audit_object on audit (object_kind, object_id, id);
    create index audit_date on audit (date);

    create function keep_audit() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' and old.date < now() - audit_retention() then
        return old;
      end if;
      raise exception 'the audit is only added to: % is refused', lower(tg_op) using errcode = 'insufficient_privilege';
    end $$;
    create trigger audit_is_kept before update or delete on audit for each row execute function keep_audit();
    create trigger audit_is_not_emptied before truncate on audit for each statement execute function keep_audit();

    alter table users add column last_sign_in timestamptz;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
