import type { Knex } from 'knex';
import type { HoldReason } from '@dossier/domain/guards.ts';
import type { HeldDossier, HeldKind, HoldState } from '@dossier/protocol/held.ts';
import { noDate } from '@dossier/protocol/import.ts';
import { liesAhead } from '@dossier/postgres/clock.ts';
import { preparedOne, query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';

/** For how long a difference may be approved. */
export const holdHours = 24;

/**
 * A condition of SQL: the time of a hold that expires then is over. Not while the clock isn't plausible; and a clock that was ahead must not let a difference
 * be approved for longer.
 */
function isOver(expires: string): string {
  const isPast = `${expires} <= now() and not exists (select from clock where doubtful_since is not null)`;
  return `(${isPast} or ${liesAhead(`${expires} - make_interval(hours => ${holdHours})`)})`;
}

/** States in which a hold stands: it is the one that its link shows. */
export const standing = `state in ('waiting', 'approved', 'rejected', 'expired')`;

/** A hold as it comes out of row_to_json(): dates are texts. */
export interface HoldRow {
  id: number;
  slave_list_id: number;
  run_id: number;
  state: HoldState;
  difference: string;
  reasons: { guard: HoldReason; sentence: string; count: number; limit: number }[];
  adding: number;
  changing: number;
  removing: number;
  deactivating: number;
  lost: number;
  head_epoch: string;
  head_revision: number;
  head_count: number;
  head_digest: string;
  examples: HeldDossier[];
  held_date: string;
  expires_date: string;
  /** Where an approval takes two persons: who approved first. */
  approved_first_by: string | null;
  decided_by: string | null;
  decided_date: string | null;
}

/** The standing hold of the link `k` as JSON, for a list of columns; its state says `expired` as soon as its time is over. */
export const standingHold = `(select row_to_json(h) from (
  select h.*, case when h.state in ('waiting', 'approved') and ${isOver('h.expires_date')} then 'expired' else h.state end as state
  from holds h where h.slave_list_id = k.slave_list_id and ${standing}) h) as held`;

/** The hold of a run as JSON, for a list of columns of `runs`. */
export const holdOfRun = `(select row_to_json(h) from holds h where h.run_id = runs.id) as held`;

/** The standing hold of a link, or null. In a transaction its row is locked. */
export async function findStandingHold(tx: Knex.Transaction, slaveListId: number): Promise<(HoldRow & { overdue: boolean }) | null> {
  const row = await preparedOne<{ hold: HoldRow; overdue: boolean }>(tx, 'find standing hold', {
    sql: `select row_to_json(holds) as hold, ${isOver('expires_date')} as overdue from holds where slave_list_id = :slaveListId and ${standing} for update`,
    parameters: { slaveListId },
  });
  return row && { ...row.hold, overdue: row.overdue };
}

/** The set that waits with the approved hold of a list, with that hold; null if nothing is approved or nothing waits. */
export async function findApprovedSet(connection: Connection, slaveListId: number): Promise<{ hold: HoldRow; setId: number } | null> {
  const row = await queryOne<{ hold: HoldRow; set_id: number }>(
    connection,
    `select row_to_json(h) as hold, s.set_id from holds h join sets s on s.list_id = h.slave_list_id and s.purpose = 'held'
     where h.slave_list_id = :slaveListId and h.state = 'approved' and not ${isOver('h.expires_date')} order by s.since desc limit 1`,
    { slaveListId },
  );
  return row && { hold: row.hold, setId: row.set_id };
}

export type NewHold = Omit<HoldRow, 'id' | 'examples' | 'held_date' | 'expires_date' | 'approved_first_by' | 'decided_date'>;

/** Records a hold in the place of the one that stands, if any. Returns its id. */
export async function createHold(tx: Knex.Transaction, hold: NewHold): Promise<number> {
  await query(tx, `update holds set state = 'superseded' where slave_list_id = :slave_list_id and ${standing}`, hold);
  const row = await queryOne<{ id: number }>(
    tx,
    `insert into holds (slave_list_id, run_id, state, difference, reasons, adding, changing, removing, deactivating, lost,
       head_epoch, head_revision, head_count, head_digest, expires_date, decided_by, decided_date)
     values (:slave_list_id, :run_id, :state, :difference, :reasons::jsonb, :adding, :changing, :removing, :deactivating, :lost,
       :head_epoch, :head_revision, :head_count, :head_digest, now() + make_interval(hours => :holdHours), :decided_by,
       case when :decided_by::text is not null then now() end)
     returning id`,
    { ...hold, reasons: JSON.stringify(hold.reasons), holdHours },
  );
  if (!row) throw new Error('a hold was not inserted');
  return row.id;
}

/** Keeps up to 100 of a hold's dossiers in the hold itself, where links and runs show them. */
export async function saveExamples(tx: Knex.Transaction, holdId: number): Promise<void> {
  const examples = await listHeldDossiers(tx, { holdId, kind: null }, { cursor: null, limit: 100 });
  await query(tx, `update holds set examples = :examples::jsonb where id = :holdId`, {
    holdId,
    examples: JSON.stringify(examples.rows.map(({ ordinal: _ordinal, before: _before, after: _after, ...dossier }) => dossier)),
  });
}

interface HeldDossierRow extends HeldDossier {
  ordinal: number;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

const kindConditions: Record<HeldKind, string> = {
  adding: `h.kind = 'adding'`,
  changing: `h.kind = 'changing'`,
  removing: `h.kind = 'removing'`,
  deactivating: `h.deactivating`,
  lost: `h.kind = 'removing'`,
};

/** One page of what a hold is about, in the order of its ordinals. */
export async function listHeldDossiers(
  connection: Connection,
  of: { holdId: number; kind: HeldKind | null },
  page: PageRequest,
): Promise<Page<HeldDossierRow>> {
  const backwards = page.cursor?.direction === 'before';
  const rows = await query<HeldDossierRow>(
    connection,
    `select h.ordinal, case
         when h.deactivating then 'deactivating' when h.kind = 'removing' and o.lost > 0 then 'lost' else h.kind end as kind,
       h.dossier, d.id, coalesce(d.name, h.name) as name, case when d.uuid is null then h.external_id else d.external_id end as external_id, h.before, h.after
     from held_dossiers h join holds o on o.id = h.hold_id join list_positions p on p.list_id = o.slave_list_id
     left join dossiers d on d.set_id = p.set_id and d.uuid = h.dossier
     where h.hold_id = :holdId and ${of.kind === null ? 'true' : kindConditions[of.kind]}
       and ${page.cursor ? `h.ordinal ${backwards ? '<' : '>'} :ordinal` : 'true'}
     order by h.ordinal ${backwards ? 'desc' : 'asc'} limit :rows`,
    { holdId: of.holdId, ordinal: page.cursor?.id ?? 0, rows: page.limit + 1 },
  );
  return toPage(rows, page, (row) => ({ value: null, id: row.ordinal }));
}

/** The length of a photo that the standing hold of a link shows, and its dossier's uuid; null if it shows no such photo. */
export async function findHeldPhoto(
  connection: Connection,
  of: { slaveListId: number; sha256: string },
): Promise<{ bytes: number; dossier: string } | null> {
  return queryOne(
    connection,
    `select (p ->> 'bytes')::int as bytes, h.dossier
     from holds o join held_dossiers h on h.hold_id = o.id and (h.before is not null or h.after is not null)
     cross join lateral (
       select * from json_array_elements(h.before -> 'photos') union all select * from json_array_elements(h.after -> 'photos')
     ) s (p)
     where o.slave_list_id = :slaveListId and o.${standing} and p ->> 'sha256' = :sha256 and p ->> 'bytes' is not null limit 1`,
    of,
  );
}

/** Marks holds whose time is over, so that those who follow their links hear of it. Returns the lists. */
export async function expireHolds(database: Database): Promise<number[]> {
  return transaction(database, async (tx) => {
    const rows = await query<{ slave_list_id: number }>(
      tx,
      `update holds set state = 'expired' where state in ('waiting', 'approved') and ${isOver('expires_date')} returning slave_list_id`,
    );
    const lists = rows.map((row) => row.slave_list_id);
    if (lists.length > 0) await query(tx, `update links set state = state where slave_list_id = any(:lists::bigint[])`, { lists });
    return lists;
  });
}

/**
 * Dossiers that a held fork would take from this list, as lines of an import file (CONTRACT §5), in the order of the hold: with a number above
 * `after`. `photos` adds the paths of their photos below this node's folder of photos.
 */
export async function readLostLines(
  connection: Connection,
  of: { holdId: number; after: number; limit: number; photos: boolean },
): Promise<{ ordinal: number; line: string }[]> {
  return query(
    connection,
    // As text, so that each number of meta leaves as it is written. Line breaks stand only between values of JSON.
    `select h.ordinal, translate(left(json_build_object('external_id', d.external_id, 'name', d.name, 'comment', d.comment, 'active', d.active,
         'valid_from', coalesce(d.valid_from::text, '${noDate}'), 'valid_until', coalesce(d.valid_until::text, '${noDate}'), 'meta', d.meta)::text, -1)
       || case when :photos::boolean then ', "photos" : ' || (
         select coalesce(json_agg('photos/' || substr(s.address, 1, 2) || '/' || substr(s.address, 3, 2) || '/' || s.address order by s.place), '[]')
         from (select e.photo ->> 'sha256', e.place from json_array_elements(d.photos) with ordinality e (photo, place)) s (address, place))::text
       else '' end || '}', E'\\r\\n', '  ') as line
     from held_dossiers h join holds o on o.id = h.hold_id join list_positions p on p.list_id = o.slave_list_id
     join dossiers d on d.set_id = p.set_id and d.uuid = h.dossier
     where h.hold_id = :holdId and h.kind = 'removing' and h.ordinal > :after order by h.ordinal limit :limit`,
    of,
  );
}
