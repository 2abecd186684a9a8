import type { Knex } from 'knex';

/** What the node remembers of the time, so that a clock that jumps deletes nothing. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    create table clock (
      one boolean primary key default true check (one),
      -- The latest moment that the clock showed while it was plausible.
      trusted_moment timestamptz not null,
      -- What deleting by age takes for the present.
      age_moment timestamptz not null,
      doubtful_since timestamptz,
      doubtful_until timestamptz,
      -- The last jump: by how much, and the trusted moment at which it was seen.
      jump_ms bigint,
      jump_moment timestamptz
    );
    insert into clock (trusted_moment, age_moment) values (now(), now());

    -- The one moment from which everything that deletes by age counts back. Null, so that nothing is deleted, before the time was ever looked at.
    create function age_moment() returns timestamptz language sql stable as $$ select least(age_moment, now()) from clock $$;

    create or replace function keep_audit() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' and old.date < age_moment() - audit_retention() then
        return old;
      end if;
      raise exception 'the audit is only added to: % is refused', lower(tg_op) using errcode = 'insufficient_privilege';
    end $$;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: restore a backup to go back.');
}
