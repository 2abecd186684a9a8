-- Imports of files: who, when, which file, and what came of it. An entry of the audit tells of each, and the history of dossiers leads to the same entry.
create table imports (
  uuid uuid primary key,
  -- The entry of the audit that says that it was begun; history.audit_id of what it wrote is the same.
  audit_id bigint not null unique,
  list_id bigint not null,
  list_uuid uuid not null,
  list_name text not null,
  actor text not null,
  via text not null,
  -- As the file was called; null where it had no name.
  file text,
  -- How it was read: format, encoding, delimiter, columns.
  reading jsonb not null,
  state text not null check (state in ('running', 'done', 'broken-off')) default 'running',
  began timestamptz not null default clock_timestamp(),
  -- When a batch was written last: a running import of which nothing is heard has broken off.
  heard timestamptz not null default clock_timestamp(),
  lines bigint not null default 0,
  added bigint not null default 0,
  changed bigint not null default 0,
  unchanged bigint not null default 0,
  refused bigint not null default 0,
  -- External ids that look rounded, and that stood in several rows.
  scientific_ids bigint not null default 0,
  repeated_ids bigint not null default 0
);
create index imports_list on imports (list_id, audit_id);

-- Rows that were refused, as they were given, so that people can correct them. They may hold anything about anybody, and are kept for a month.
create table import_refusals (
  id bigint generated always as identity primary key,
  import uuid not null references imports on delete cascade,
  line bigint not null,
  reason text not null,
  given text not null
);
create index import_refusals_import on import_refusals (import, id);
