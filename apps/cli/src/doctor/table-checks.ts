import { query } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { failed, warning } from './finding.ts';
import type { Finding } from './finding.ts';

interface ChangedCollation {
  readonly name: string;
  readonly noted: string;
  readonly actual: string;
  readonly refresh: string;
}

/**
 * Whether the indexes of dossiers are sorted by the versions of the collations that the server has now: after an upgrade of ICU or of the system they may
 * not be, so that pages skip names, and keys that are there aren't found.
 */
export async function checkCollations(database: Database): Promise<Finding[]> {
  const changed = [...(await namedCollations(database)), ...(await ownCollation(database))];
  return changed.map(({ name, noted, actual, refresh }) =>
    failed(
      'collation',
      `Indexes are sorted by version ${noted} of the collation of ${name}, and the server has version ${actual}: names may be skipped or not found.`,
      `Run in psql, as the owner of the database: REINDEX TABLE CONCURRENTLY dossiers; then: ${refresh};`,
    ),
  );
}

function namedCollations(database: Database): Promise<ChangedCollation[]> {
  return query(
    database,
    `select c.collname as name, c.collversion as noted, pg_collation_actual_version(c.oid) as actual,
       format('ALTER COLLATION pg_catalog.%I REFRESH VERSION', c.collname) as refresh
     from pg_collation c where c.collversion <> pg_collation_actual_version(c.oid)
       and exists (select from pg_index i where i.indrelid = to_regclass('dossiers') and c.oid = any(i.indcollation))`,
  );
}

/** The database's own, whose version PostgreSQL notes since 15. */
async function ownCollation(database: Database): Promise<ChangedCollation[]> {
  const [server] = await query<{ isNoted: boolean }>(database, `select current_setting('server_version_num')::int >= 150000 as "isNoted"`);
  if (server?.isNoted !== true) return [];
  return query(
    database,
    `select 'the database' as name, datcollversion as noted, pg_database_collation_actual_version(oid) as actual,
       format('ALTER DATABASE %I REFRESH COLLATION VERSION', datname) as refresh
     from pg_database where datname = current_database() and datcollversion <> pg_database_collation_actual_version(oid)`,
  );
}

/** Whether mistyped names are found. */
export async function checkSearch(database: Database): Promise<Finding[]> {
  const [found] = await query<{ extension: boolean; index: boolean }>(
    database,
    `select exists (select from pg_extension where extname = 'pg_trgm') as extension, to_regclass('search_terms_trigrams') is not null as index`,
  );
  if (found?.index === true) return [];
  const lacking = found?.extension === true ? 'The index for similar words is lacking' : 'The database lacks the extension pg_trgm';
  return [
    warning(
      'search',
      `${lacking}: a search finds names by their words, beginnings and sounds, but not those that are mistyped.`,
      found?.extension === true
        ? 'Run "dossier migrate" as the owner of the tables.'
        : 'In psql, as a superuser or the owner of the database: CREATE EXTENSION pg_trgm; then run "dossier migrate". Debian has it in postgresql-contrib.',
    ),
  ];
}

/** Whether this role may gather statistics and VACUUM: PostgreSQL passes over the tables of others with a mere warning, and lists get slow. */
export async function checkRights(database: Database): Promise<Finding[]> {
  const others = await query<{ name: string; owner: string }>(
    database,
    `select t.relname as name, pg_get_userbyid(t.relowner) as owner from pg_class t join pg_database d on d.datname = current_database()
     where t.oid = to_regclass('dossiers') and not pg_has_role(t.relowner, 'usage') and not pg_has_role(d.datdba, 'usage')`,
  );
  return others.map(({ name, owner }) =>
    warning(
      'database',
      `The table ${name} is owned by ${owner}: this node's role can't ANALYZE or VACUUM it, which PostgreSQL passes over, and lists get slow.`,
      `As a superuser: GRANT ${JSON.stringify(owner)} TO the node's role, or make it the owner (REASSIGN OWNED).`,
    ),
  );
}
