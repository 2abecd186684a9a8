-- What became of dossiers and watch lists, from what to what. Persons' data stand here and not in the audit, so that they can be erased while the audit
-- stays whole: an entry of the audit holds no more than a salted hash of them.
create table history (
  id bigint generated always as identity primary key,
  date timestamptz not null default clock_timestamp(),
  -- The uuid of the dossier, or of the watch list.
  object uuid not null,
  -- many: dossiers of the list that were written at once, and are too many to be kept one by one.
  kind text not null check (kind in ('made', 'changed', 'removed', 'many')),
  -- What it goes back to: an entry of the audit, or a sync run.
  audit_id bigint,
  run_id bigint,
  -- The list that was written, and the address of its master, where a sync or an import did it.
  list_id bigint,
  master text,
  -- How many: of many.
  dossiers bigint,
  -- The salt of the hash that the audit holds; without it values that are erased could be guessed.
  salt bytea,
  -- The fields that differ, as JSON that is kept as written; photos by their addresses and lengths. Null before it was made, and after it was removed.
  before json,
  after json,
  check (num_nonnulls(audit_id, run_id) = 1)
);
create index history_object on history (object, id);
create index history_audit on history (audit_id) where audit_id is not null;
create index history_run on history (run_id, id) where run_id is not null;
create index history_date on history (date);
-- Batches of one import add up.
create unique index history_many on history (object, audit_id) where kind = 'many' and audit_id is not null;

-- The photos of a row in their order, by address and length; of what somebody wrote by hand whatever looks like one.
create function remembered_photos(photos json) returns json language sql immutable parallel safe as $$
  select coalesce(json_agg(json_build_object('sha256', address, 'bytes', bytes) order by place), '[]')
  from regexp_matches(photos::text, '\{[^{}]*\}', 'g') with ordinality p (parts, place),
    substring(parts[1] from '"sha256"\s*:\s*"([0-9a-f]{64})"') address, cast(substring(parts[1] from '"bytes"\s*:\s*(\d{1,9})\D') as int) bytes
  where address is not null
$$;
