-- What was deleted of this node's own lists and can be restored for some days, and how imports are taken back.

-- One deed that took dossiers away.
create table deletions (
  id bigint generated always as identity primary key,
  date timestamptz not null default clock_timestamp(),
  -- In time by which things age, not by the clock.
  since timestamptz not null default age_moment(),
  -- One dossier; many at once; all of a list; what an import had added.
  kind text not null check (kind in ('dossier', 'bulk', 'purge', 'import')),
  deleted_by text not null
);
create index deletions_since on deletions (since);

-- The rows in the bin are those of sets that no list points at, one for each list from which a deletion took some; a further one for a dossier whose external
-- id another one had that the same deletion took before. Of the list its identity and its name of then are kept, for it may be gone when somebody wants to
-- restore.
create table binned_sets (
  set_id bigint primary key,
  deletion_id bigint not null references deletions (id) on delete cascade,
  list_id bigint not null,
  list_uuid uuid not null,
  list_name text not null,
  -- How many rows are left.
  dossier_count bigint not null
);
create index binned_sets_deletion on binned_sets (deletion_id, set_id);
create index binned_sets_list on binned_sets (list_id);

-- The batches of imports that can be taken back. What a batch wrote bears its moment: in created_date where it is new, in
-- modified_date until somebody changes it.
create table import_batches (
  audit_id bigint not null,
  moment timestamptz not null,
  list_id bigint not null,
  since timestamptz not null default age_moment(),
  primary key (audit_id, moment)
);

-- What such an import found and changed, as it was before.
create table import_formers (
  audit_id bigint not null,
  uuid uuid not null,
  modified_date timestamptz not null,
  hash bytea not null,
  active boolean not null,
  external_id text,
  name text not null,
  comment text not null,
  valid_from date,
  valid_until date,
  meta json not null,
  photos json not null,
  features json,
  primary key (audit_id, uuid)
);
