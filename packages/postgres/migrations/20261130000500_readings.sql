-- Readings of lists by consumers of their changes: what each of them was told last, so that a restored database notices that it told less.
create table readings (
  id uuid primary key default gen_random_uuid(),
  list_id bigint not null references watch_lists (id) on delete cascade,
  -- The newest revision of which the consumer was told.
  told bigint not null,
  told_date timestamptz not null default now()
);
create index readings_list_id on readings (list_id);
