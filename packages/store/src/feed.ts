import { maximumOrigins, pageBytes, pageRows } from '@dossier/protocol/feed.ts';
import { preparedOne, query, queryOne } from './database.ts';
import type { Connection, Database } from './database.ts';
import type { Position } from '@dossier/domain/position.ts';

/** A watch list as its master offers it, with where it stands. */
export interface ListHead {
  listId: number;
  listUuid: string;
  name: string;
  position: Position;
  /** Tombstones up to this revision may be gone: who stands below starts over. */
  floor: number;
  /** The nodes from which the list is replicated, nearest first. */
  origins: string[];
}

interface HeadRow {
  list_id: number;
  list_uuid: string;
  name: string;
  epoch: string;
  revision: number;
  floor: number;
  dossier_count: number;
  digest: string;
  origins: string[];
}

const headColumns = `
  l.id as list_id, l.uuid as list_uuid, l.name, p.epoch, p.revision, p.floor, p.dossier_count,
  hash_text(p.digest_high, p.digest_low) as digest,
  case when k.remote_node is null then '{}' else (k.remote_node || k.origins)[1:${maximumOrigins}] end as origins
  from watch_lists l join list_positions p on p.list_id = l.id left join links k on k.slave_list_id = l.id`;

function presentHead(row: HeadRow): ListHead {
  return {
    listId: row.list_id,
    listUuid: row.list_uuid,
    name: row.name,
    position: { epoch: row.epoch, revision: row.revision, count: row.dossier_count, digest: row.digest },
    floor: row.floor,
    origins: row.origins,
  };
}

/** The head of one list, or null if there is no such list. One row by its key, whatever the list's size. */
export async function readHead(connection: Connection, listId: number): Promise<ListHead | null> {
  const sql = `select ${headColumns} where l.id = :listId`;
  const row = await preparedOne<HeadRow>(connection, 'read head', { sql, parameters: { listId } });
  return row && presentHead(row);
}

/** The heads of the given lists, or of all, by id. */
export async function readHeads(connection: Connection, listIds: readonly number[] | null = null): Promise<ListHead[]> {
  const rows = await query<HeadRow>(
    connection,
    `select ${headColumns} where :listIds::bigint[] is null or l.id = any(:listIds::bigint[]) order by l.id`,
    { listIds },
  );
  return rows.map(presentHead);
}

/**
 * Gives a list a new epoch, so that every slave compares by content at its next contact. For when a slave proves that this
 * database runs a shorter history under the old epoch (it was restored from a backup). Does nothing if the epoch has changed already.
 */
export async function renewEpoch(connection: Connection, listId: number, epoch: string): Promise<void> {
  await query(connection, `update list_positions set epoch = gen_random_uuid() where list_id = :listId and epoch = :epoch::uuid`, {
    listId,
    epoch,
  });
}

/** A page's lines, all puts and tombstones with a revision above `since` in order, and the head in the same snapshot. */
export interface FeedPage {
  head: ListHead;
  /** NDJSON without the end line; empty or ending in a line feed. */
  body: string;
  count: number;
  /** The page covers all changes up to here. */
  next: number;
  more: boolean;
}

/** One put as a JSON line; `d` is the dossier, `m` its membership. */
const putLine = `json_build_object(
    'kind', 'put', 'revision', m.revision, 'dossier', d.uuid, 'id', d.id, 'hash', encode(d.hash, 'hex'), 'name', d.name, 'comment', d.comment,
    'active', d.active, 'meta', d.meta::text, 'external_id', d.external_id, 'created_date', d.created_date, 'modified_date', d.modified_date,
    'photos', coalesce((
      select json_agg(json_build_object('sha256', encode(p.sha256, 'hex'), 'width', p.width, 'height', p.height, 'bytes', p.bytes,
        'media_type', p.media_type, 'features', p.features) order by p.id)
      from photos p where p.dossier = d.uuid), '[]'::json))::text`;

/**
 * The changes of a list above `since` in the order of their revisions, bounded by rows and bytes. Tombstones are left out of the
 * first page of a list (since 0), where there is nothing to remove.
 */
const pageStatement = `
  with candidates as (
    (select m.revision, m.dossier, false as removed from memberships m
     where m.list_id = :listId and m.revision > :since order by m.revision limit :rows)
    union all
    (select t.revision, t.dossier, true from tombstones t
     where t.list_id = :listId and t.revision > :since and :since > 0 order by t.revision limit :rows)
  ),
  page as (select * from candidates order by revision limit :rows),
  lines as (
    select m.revision, case when m.removed
      then json_build_object('kind', 'tombstone', 'revision', m.revision, 'dossier', m.dossier)::text
      else ${putLine} end as line
    from page m left join dossiers d on d.uuid = m.dossier and not m.removed
  ),
  measured as (
    select revision, line, sum(octet_length(line) + 1) over (order by revision) as running, row_number() over (order by revision) as ordinal
    from lines
  )
  select coalesce(string_agg(line || chr(10), '' order by revision) filter (where running <= :bytes or ordinal = 1), '') as body,
    count(*) filter (where running <= :bytes or ordinal = 1) as count,
    max(revision) filter (where running <= :bytes or ordinal = 1) as last_revision,
    count(*) as candidates
  from measured`;

interface PageRow {
  body: string;
  count: number;
  last_revision: number | null;
  candidates: number;
}

/** Reads one page of a list's feed, or null if there is no such list. Restartable at any revision. */
export async function readPage(
  database: Database,
  request: { listId: number; since: number; rows?: number; bytes?: number },
): Promise<FeedPage | null> {
  const rows = Math.min(request.rows ?? pageRows, pageRows);
  const bytes = Math.min(request.bytes ?? pageBytes, pageBytes);
  return database.transaction(
    async (snapshot) => {
      const head = await readHead(snapshot, request.listId);
      if (!head) return null;
      const page = await queryOne<PageRow>(snapshot, pageStatement, { listId: request.listId, since: request.since, rows, bytes });
      if (!page) return null;
      const complete = page.count === page.candidates && page.candidates < rows;
      const next = complete ? head.position.revision : (page.last_revision ?? head.position.revision);
      return { head, body: page.body, count: page.count, next, more: next < head.position.revision };
    },
    { isolationLevel: 'repeatable read', readOnly: true },
  );
}

/** Puts of the given dossiers as they are now; the ones that have left the list are not in it. */
export async function readDossiers(database: Database, listId: number, dossiers: readonly string[]): Promise<FeedPage | null> {
  return database.transaction(
    async (snapshot) => {
      const head = await readHead(snapshot, listId);
      if (!head) return null;
      const page = await queryOne<{ body: string; count: number }>(
        snapshot,
        `select coalesce(string_agg(${putLine} || chr(10), ''), '') as body, count(*) as count
         from memberships m join dossiers d on d.uuid = m.dossier
         where m.list_id = :listId and m.dossier = any(:dossiers::uuid[])`,
        { listId, dossiers },
      );
      return { head, body: page?.body ?? '', count: page?.count ?? 0, next: head.position.revision, more: false };
    },
    { isolationLevel: 'repeatable read', readOnly: true },
  );
}

/** A bucket of dossiers: its number (0…4095), how many dossiers it holds and the XOR of their hashes. */
export type Bucket = [bucket: number, count: number, digest: string];

/** The non-empty buckets of a list as a master offers them, with the head in the same snapshot; null if there is no such list. */
export async function readBuckets(database: Database, listId: number): Promise<{ head: ListHead; buckets: Bucket[] } | null> {
  return database.transaction(
    async (snapshot) => {
      const head = await readHead(snapshot, listId);
      if (!head) return null;
      const rows = await query<{ bucket: number; count: number; digest: string }>(
        snapshot,
        `select dossier_bucket(dossier) as bucket, count(*) as count, hash_text(bit_xor(hash_high), bit_xor(hash_low)) as digest
         from memberships where list_id = :listId group by 1 order by 1`,
        { listId },
      );
      return { head, buckets: rows.map((row): Bucket => [row.bucket, row.count, row.digest]) };
    },
    { isolationLevel: 'repeatable read', readOnly: true },
  );
}

/** The content hash of every dossier of a list in the given buckets. */
export async function readHashes(connection: Connection, listId: number, buckets: readonly number[]): Promise<[string, string][]> {
  const rows = await query<{ dossier: string; hash: string }>(
    connection,
    `select dossier, hash_text(hash_high, hash_low) as hash from memberships
     where list_id = :listId and dossier_bucket(dossier) = any(:buckets::int[])`,
    { listId, buckets },
  );
  return rows.map((row) => [row.dossier, row.hash]);
}

/** The length in bytes of a photo that some dossier of this node refers to, or null. */
export async function findPhotoBytes(connection: Connection, sha256: string): Promise<number | null> {
  const row = await queryOne<{ bytes: number }>(connection, `select bytes from photos where sha256 = decode(:sha256, 'hex') limit 1`, {
    sha256,
  });
  return row?.bytes ?? null;
}

/** The lengths in bytes of those of the photos to which some dossier of this node refers. */
export async function listKnownPhotos(connection: Connection, addresses: readonly string[]): Promise<Map<string, number>> {
  const rows = await query<{ sha256: string; bytes: number }>(
    connection,
    `select asked.sha256, p.bytes from unnest(:addresses::text[]) asked (sha256)
     cross join lateral (select bytes from photos where sha256 = decode(asked.sha256, 'hex') limit 1) p`,
    { addresses },
  );
  return new Map(rows.map((row) => [row.sha256, row.bytes]));
}
