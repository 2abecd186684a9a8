import { query } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { inSnapshot } from './heads.ts';
import type { ListHead } from './heads.ts';
import { cutChanges } from './page-cut.ts';

/** A page ends early once it has so many bytes; one oversized dossier still makes a page of its own. */
const pageBytes = 2 * 1024 * 1024;

/** A page of changes for other consumers than slaves: puts and tombstones with a revision above `since` in order, and the head in the same snapshot. */
export interface LinesPage {
  head: ListHead;
  /** NDJSON without the end line; empty or ending in a line feed. */
  body: string;
  count: number;
  /** The page covers all changes up to here. */
  next: number;
  more: boolean;
}

/** One put as a JSON line; `d` is the dossier's row. */
const putLine = `json_build_object(
    'kind', 'put', 'revision', c.revision, 'dossier', d.uuid, 'id', d.id, 'hash', encode(d.hash, 'hex'), 'name', d.name, 'comment', d.comment,
    'active', d.active, 'valid_from', d.valid_from, 'valid_until', d.valid_until, 'meta', d.meta::text, 'external_id', d.external_id,
    'created_date', d.created_date, 'modified_date', d.modified_date, 'photos', coalesce((
      select json_agg(json_build_object('sha256', photo -> 'sha256', 'width', photo -> 'width', 'height', photo -> 'height', 'bytes', photo -> 'bytes',
        'media_type', photo -> 'media_type', 'created_date', photo -> 'created_date', 'features', d.features -> (place - 1)::int) order by place)
      from json_array_elements(case json_typeof(d.photos) when 'array' then d.photos else '[]' end) with ordinality photos (photo, place)
    ), '[]'))::text`;

/** The changes above `since` up to `last` in the order of their revisions. Tombstones are left out of the first page of a list (since 0), where there is nothing to remove. */
const lines = `
  select case when c.removed
    then json_build_object('kind', 'tombstone', 'revision', c.revision, 'dossier', c.uuid)::text
    else ${putLine} end as line
  from (
    select revision, uuid, false as removed from dossiers where set_id = :setId and revision > :since and revision <= :last
    union all
    select revision, uuid, true from tombstones where set_id = :setId and revision > :since and revision <= :last and :since > 0
  ) c left join dossiers d on d.set_id = :setId and d.uuid = c.uuid and not c.removed
  order by c.revision`;

/** Reads one page of a list's changes, or null if there is no such list. Restartable at any revision. */
export async function readLines(
  database: Database,
  request: { listId: number; since: number; rows: number; bytes?: number },
): Promise<LinesPage | null> {
  const { since, rows, bytes = pageBytes } = request;
  return inSnapshot(database, request.listId, async (snapshot, head) => {
    const { full, last } = await cutChanges(snapshot, head, { since, rows, bytes });
    const found = await query<{ line: string }>(snapshot, lines, { setId: head.setId, since, last });
    const next = full ? last : head.position.revision;
    const body = found.map(({ line }) => `${line}\n`).join('');
    return { head, body, count: found.length, next, more: next < head.position.revision };
  });
}
