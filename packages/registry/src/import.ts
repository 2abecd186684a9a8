import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { readTexts } from '@dossier/domain/declaration.ts';
import type { DeclaredField } from '@dossier/domain/declaration.ts';
import type { Meta } from '@dossier/domain/dossier.ts';
import { dossierHash } from '@dossier/domain/dossier-hash.ts';
import type { StoredContent } from '@dossier/domain/dossier-hash.ts';
import { readPhotos, writePhotos } from '@dossier/domain/photo.ts';
import type { PhotoContent } from '@dossier/domain/photo.ts';
import { notFound } from '@dossier/runtime/errors.ts';
import { CopyIn } from '@dossier/postgres/copy-in.ts';
import type { RawConnection } from '@dossier/postgres/copy-in.ts';
import type { Cell } from '@dossier/postgres/copy-line.ts';
import { contentFields } from '@dossier/protocol/rows.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { declaredFault, readDeclaredFields } from './declared-values.ts';
import { changeMeta, datesFault, emptyContent, extendMeta } from './dossier-content.ts';
import { noteBatch } from './bin/import-notes.ts';
import { rememberImport } from './history.ts';
import type { ImportOrigin } from './history.ts';
import { noteGarbage } from './photo-garbage.ts';
import { newlyShown } from './photos.ts';
import { book, lockLists } from './positions.ts';

/** One dossier as an import brings it. What is undefined keeps its value in a known dossier and has its default in a new one. */
export interface ImportedDossier {
  readonly externalId: string | null;
  readonly name: string;
  readonly comment: string | undefined;
  readonly active: boolean | undefined;
  /** `YYYY-MM-DD`; null: without this bound. */
  readonly validFrom?: string | null | undefined;
  readonly validUntil?: string | null | undefined;
  readonly meta: Meta | undefined;
  /** Fields that are put into `meta` beside what is there. */
  readonly extra?: Meta | undefined;
  /** Whether texts in `meta` and `extra` stand for whatever the list declares: they are of a file that knows no types. */
  readonly untyped?: boolean | undefined;
  /** The whole set, each photo once; their bytes must be in the photo store. */
  readonly photos: readonly PhotoContent[] | undefined;
}

export interface ImportCounts {
  /** Dossiers that the list did not hold before. */
  added: number;
  /** Dossiers of the list whose content differs now. */
  changed: number;
  unchanged: number;
  /** Those that can't be what they would become, by their places in what was given. */
  refused: { index: number; reason: string }[];
  /** The new ones without `externalId`, of which nothing says whether the list has them already, by their places in what was given. */
  unnamed: { index: number; content: StoredContent }[];
}

export interface Import {
  readonly listId: number;
  readonly dossiers: readonly ImportedDossier[];
  /** What the changed dossiers' history says of where this came from; without it their history says nothing. */
  readonly origin?: ImportOrigin | undefined;
  /** Called while the server is at work on rows that were sent: what is done meanwhile costs no time. Perhaps never, perhaps more than once. */
  readonly meanwhile?: () => void;
}

/** A row of the list, as it is and as the dossiers of the import make it. */
interface Row {
  readonly uuid: string;
  /** Null for a row that isn't there yet. */
  readonly hash: string | null;
  readonly former: StoredContent | null;
  content: StoredContent;
}

/**
 * Writes the dossiers into the list in one transaction (or as part of the one given). An `external_id` that the list knows is updated where it differs; the
 * same one further down in `dossiers` updates the earlier. Dossiers without one are always new. Only rows of this list are touched: one that other lists
 * hold too is changed here alone. More than a thousand changes leave the list's digest to `settleDigest`. NOT_FOUND without such a list.
 */
export async function importDossiers(
  connection: Connection,
  { listId, dossiers, origin, meanwhile = nothing }: Import,
): Promise<ImportCounts> {
  return transaction(connection, async (tx) => {
    const [list] = await lockLists(tx, [listId]);
    if (!list) throw notFound(`watch list ${listId}`);
    const moment = await readMoment(tx);
    const declared = await readDeclaredFields(tx, listId);
    const known = await readKnown(tx, list.set_id, dossiers);
    const counts: ImportCounts = { added: 0, changed: 0, unchanged: 0, refused: [], unnamed: [] };
    const fresh: Row[] = [];
    const changed = new Set<Row>();
    for (const [index, given] of dossiers.entries()) {
      const dossier = given.untyped === true ? readDeclared(given, declared) : given;
      const row = dossier.externalId === null ? undefined : known.get(dossier.externalId);
      const content = contentOf(row?.content ?? emptyContent, dossier);
      const fault =
        'fault' in content ? content.fault : (datesFault(content) ?? declaredFault(declared, row?.content.meta ?? null, content.meta));
      if ('fault' in content || fault !== null) counts.refused.push({ index, reason: fault ?? '' });
      else if (row === undefined) {
        const made = { uuid: randomUUID(), hash: null, former: null, content };
        fresh.push(made);
        if (dossier.externalId !== null) known.set(dossier.externalId, made);
        else counts.unnamed.push({ index, content });
        counts.added += 1;
      } else if (isEqual(row.content, content)) counts.unchanged += 1;
      else {
        row.content = content;
        if (row.hash !== null) changed.add(row);
        counts.changed += 1;
      }
    }
    if (origin?.canBeTakenBack === true && fresh.length + changed.size > 0) {
      const changing = [...changed].map(({ uuid }) => uuid);
      await noteBatch(tx, { auditId: origin.auditId, moment, listId, setId: list.set_id, changing });
    }
    const place = { setId: list.set_id, moment, meanwhile };
    await insertRows(tx, { ...place, rows: fresh });
    const written = await updateRows(tx, { ...place, rows: [...changed] });
    const changes = fresh.length + written;
    if (changes > 0) await book(tx, { listId, growth: fresh.length, changes });
    if (changes > 0 && origin) await rememberImport(tx, origin, { listId, rows: [...changed, ...fresh] });
    return counts;
  });
}

/** The date of all that a batch writes: under the list's lock, so that it is later than what others have written before. */
async function readMoment(tx: Knex.Transaction): Promise<string> {
  const row = await queryOne<{ moment: string }>(tx, `select clock_timestamp()::text as moment`);
  if (!row) throw new Error('select returned no row');
  return row.moment;
}

/** A dossier of a file that knows no types, with its texts read as what the list declares. */
function readDeclared(given: ImportedDossier, declared: readonly DeclaredField[]): ImportedDossier {
  const read = (meta: Meta | undefined): Meta | undefined => meta && readTexts(declared, meta);
  return { ...given, meta: read(given.meta), extra: read(given.extra) };
}

function nothing(): void {
  // whoever imports has nothing to do meanwhile
}

/** The rows of the list that the dossiers name, by external id. Looked up one by one: a list that is being filled is longer than PostgreSQL knows. */
async function readKnown(tx: Knex.Transaction, setId: number, dossiers: readonly ImportedDossier[]): Promise<Map<string, Row>> {
  const externalIds = dossiers.flatMap((dossier) => dossier.externalId ?? []);
  if (externalIds.length === 0) return new Map();
  const rows = await query<StoredContent & { uuid: string; hash: string }>(
    tx,
    `select uuid, encode(hash, 'hex') as hash, active, external_id, name, comment, valid_from::text as valid_from, valid_until::text as valid_until,
       meta::text as meta, photos::text as photos, features::text as features
     from (select distinct unnest(:externalIds::text[]) as wanted) w
     cross join lateral (select * from dossiers where set_id = ${setId} and external_id = wanted limit 1) d`,
    { externalIds },
  );
  return new Map(rows.map(({ uuid, hash, ...content }) => [content.external_id ?? '', { uuid, hash, former: content, content }]));
}

/** What the dossier becomes, or why it can't. */
function contentOf(before: StoredContent, dossier: ImportedDossier): StoredContent | { readonly fault: string } {
  const { externalId, name, comment, active, validFrom, validUntil, meta, extra, photos } = dossier;
  const extended = extendMeta(changeMeta(before.meta, meta), extra);
  if (typeof extended !== 'string') return extended;
  return {
    active: active ?? before.active,
    external_id: externalId,
    name,
    comment: comment ?? before.comment,
    valid_from: validFrom === undefined ? before.valid_from : validFrom,
    valid_until: validUntil === undefined ? before.valid_until : validUntil,
    meta: extended,
    ...photosOf(before, photos),
  };
}

/** The given photos in the given order; those that were shown before keep their dates and features. */
function photosOf(
  { photos, features }: StoredContent,
  given: readonly PhotoContent[] | undefined,
): Pick<StoredContent, 'photos' | 'features'> {
  if (given === undefined || (given.length === 0 && photos === '[]')) return { photos, features };
  const before = readPhotos({ photos, features });
  const known = new Map(before.map((shown) => [shown.photo.sha256, shown]));
  const texts = writePhotos(
    given.map((photo) => {
      const shown = known.get(photo.sha256);
      return shown === undefined ? newlyShown(photo) : { photo: shown.photo, features: photo.features ?? shown.features };
    }),
  );
  const same = writePhotos(before);
  return same.photos === texts.photos && same.features === texts.features ? { photos, features } : texts;
}

function isEqual(one: StoredContent, other: StoredContent): boolean {
  return contentFields.every((field) => one[field] === other[field]);
}

interface Rows {
  readonly setId: number;
  readonly rows: readonly Row[];
  /** As PostgreSQL prints it. */
  readonly moment: string;
  readonly meanwhile: () => void;
}

/** Copies new rows in; their ids and revisions follow their order. */
async function insertRows(tx: Knex.Transaction, { setId, rows, moment, meanwhile }: Rows): Promise<void> {
  if (rows.length === 0) return;
  const connection = (await tx.client.acquireConnection()) as RawConnection;
  await connection.query(
    new CopyIn(
      `dossiers (set_id, uuid, created_date, modified_date, hash, ${contentFields.join(', ')})`,
      cellsOf({ setId, rows, moment }),
      meanwhile,
    ),
  ).done;
}

function* cellsOf({ setId, rows, moment }: Omit<Rows, 'meanwhile'>): Generator<Cell[]> {
  for (const { uuid, content } of rows) {
    const { active, external_id: externalId, name, comment, valid_from: from, valid_until: until, meta, photos, features } = content;
    yield [
      setId,
      uuid,
      moment,
      moment,
      `\\x${dossierHash(content)}`,
      active,
      externalId,
      name,
      comment,
      from,
      until,
      meta,
      photos,
      features,
    ];
  }
}

/** Writes the rows that have another hash now; returns how many. Photos that they no longer show are noted for collection. */
async function updateRows(tx: Knex.Transaction, { setId, rows, moment, meanwhile }: Rows): Promise<number> {
  const hashed = rows.map(({ uuid, hash, content }) => ({ uuid, before: hash, ...content, hash: dossierHash(content) }));
  const changed = hashed.filter((row) => row.hash !== row.before);
  if (changed.length === 0) return 0;
  // The statement goes out before anything else is begun.
  setImmediate(meanwhile);
  const replaced = await query<{ photos: string | null }>(
    tx,
    `update dossiers d
     set active = line.active, name = line.name, comment = line.comment, valid_from = line.valid_from, valid_until = line.valid_until, meta = line.meta,
       photos = line.photos, features = line.features, hash = decode(line.hash, 'hex'), revision = nextval('dossier_revisions'), modified_date = :moment::timestamptz
     from unnest(:uuids::uuid[], :actives::boolean[], :names::text[], :comments::text[], :froms::date[], :untils::date[], :metas::json[], :photos::json[],
         :features::json[], :hashes::text[]) as line (uuid, active, name, comment, valid_from, valid_until, meta, photos, features, hash),
       dossiers old
     where d.set_id = ${setId} and d.uuid = line.uuid and old.set_id = ${setId} and old.uuid = line.uuid
     returning case when old.photos::text <> line.photos::text then old.photos::text end as photos`,
    {
      moment,
      uuids: changed.map((row) => row.uuid),
      actives: changed.map((row) => row.active),
      names: changed.map((row) => row.name),
      comments: changed.map((row) => row.comment),
      froms: changed.map((row) => row.valid_from),
      untils: changed.map((row) => row.valid_until),
      metas: changed.map((row) => row.meta),
      photos: changed.map((row) => row.photos),
      features: changed.map((row) => row.features),
      hashes: changed.map((row) => row.hash),
    },
  );
  await noteGarbage(
    tx,
    replaced.flatMap(({ photos }) => photos?.match(/[0-9a-f]{64}/g) ?? []),
  );
  return changed.length;
}
