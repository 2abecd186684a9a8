-- The index of the search (docs/decisions): derived from the rows of lists, behind them by what the worker hasn't read yet. Unlogged, all of it: after a
-- crash of PostgreSQL it is gone together, and is made anew.

-- Up to which revision the rows of a set are in the index. Only sets that are a list's.
create unlogged table search_sets (
  set_id bigint primary key,
  revision bigint not null default 0
);

-- The words of a row of a list, as it was at that revision: those of the name as they are, those of other fields behind a dot, name and external id as a
-- whole behind "=", the set behind "#".
create unlogged table search_rows (
  set_id bigint not null,
  uuid uuid not null,
  revision bigint not null,
  words tsvector not null,
  primary key (set_id, uuid)
);
-- What waits to be sorted in is read by every search.
create index search_rows_words on search_rows using gin (words) with (gin_pending_list_limit = 2048);

-- Words of Latin letters that rows have, and their sounds: what was mistyped is looked up here.
create unlogged table search_terms (
  word text collate "C" primary key,
  sound text collate "C" not null
);
create index search_terms_sound on search_terms (sound, word);

-- Makes what finds similar words, where the server has pg_trgm and this role may; says whether it is there. Without it nothing else is missing.
create function provide_trigrams() returns boolean language plpgsql as $$
declare place text;
begin
  begin
    if not exists (select from pg_extension where extname = 'pg_trgm') then
      create extension pg_trgm;
    end if;
    select quote_ident(n.nspname) into place from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm';
    if to_regclass('search_terms_trigrams') is null then
      execute format('create index search_terms_trigrams on search_terms using gin (word %1$s.gin_trgm_ops, sound %1$s.gin_trgm_ops)', place);
    end if;
  exception when insufficient_privilege or undefined_file or undefined_object or feature_not_supported then
    null;
  end;
  return to_regclass('search_terms_trigrams') is not null;
end $$;

-- Words that share trigrams with one, or whose sound does, the most similar first; none without pg_trgm.
create function similar_terms(needle text, needle_sound text, at_most int) returns setof search_terms language plpgsql as $$
declare place text;
begin
  select quote_ident(n.nspname) into place from pg_extension e join pg_namespace n on n.oid = e.extnamespace
  where e.extname = 'pg_trgm' and to_regclass('search_terms_trigrams') is not null;
  if place is null then
    return;
  end if;
  -- Without the first call the setting isn't known yet.
  execute format('select %s.show_limit()', place);
  perform set_config('pg_trgm.similarity_threshold', '0.27', true);
  return query execute format(
    'select t.* from search_terms t where t.word operator(%1$s.%%) $1 or t.sound operator(%1$s.%%) $2
     order by greatest(%1$s.similarity(t.word, $1), %1$s.similarity(t.sound, $2)) desc, t.word limit $3', place) using needle, needle_sound, at_most;
end $$;
