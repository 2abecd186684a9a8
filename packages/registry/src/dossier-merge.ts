import { dossierBounds } from '@dossier/domain/dossier.ts';
import { readPhotos } from '@dossier/domain/photo.ts';
import type { ShownPhoto } from '@dossier/domain/photo.ts';
import { ApplicationError, badParam, conflict } from '@dossier/runtime/errors.ts';
import { transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { applyChange, writeDossier } from './dossier-changes.ts';
import type { DossierChange, Expectation, WrittenDossier } from './dossier-changes.ts';
import { withPhotos } from './dossier-content.ts';
import { holdDossier } from './dossier-copies.ts';
import type { Copy } from './dossier-copies.ts';
import { deleteDossier } from './dossier-deletions.ts';
import { readDossier } from './dossiers.ts';
import { sharePhotoStore } from './photo-garbage.ts';
import { photoId } from './photo-order.ts';
import { requireWritable } from './read-only.ts';

export interface DossierMerge {
  /** The dossier that stays. */
  readonly id: number;
  /** The dossier that is deleted. */
  readonly other: number;
  /** What the one that stays becomes; of what isn't given its own value stays. */
  readonly fields: Omit<DossierChange, 'lists' | 'photos'>;
  /** The ids of the photos that stay, of either dossier, in their order; without it all do, those of the one that stays first. */
  readonly photos?: readonly string[] | undefined;
  /** Who merges, for the bin; null: the other dossier is erased at once. */
  readonly binnedBy: string | null;
  /** Called with both dossiers as they are when their lists are locked. */
  readonly expect?: Expectation;
}

export interface MergedDossiers {
  readonly kept: WrittenDossier;
  readonly removed: WrittenDossier;
}

/**
 * Makes one dossier of two, in one transaction: the one that stays is in all lists of both, and the other is deleted as every deleted one is. READ_ONLY on
 * a slave; BAD_PARAM without the other one, or for a photo that neither has; CONFLICT for an external id that a list has already, and for too many photos.
 */
export async function mergeDossiers(
  database: Database,
  { id, other, fields, photos, binnedBy, expect }: DossierMerge,
): Promise<MergedDossiers> {
  if (id === other) throw badParam('with', 'with: a dossier can not be merged with itself.');
  return transaction(database, async (tx) => {
    await requireWritable(tx);
    // Their rows take over photos of each other: no collection is to come between.
    await sharePhotoStore(tx);
    const there = await readDossier(tx, other).catch((error: unknown) => {
      throw error instanceof ApplicationError && error.code === 'NOT_FOUND'
        ? badParam('with', `with: there is no dossier ${other}.`)
        : error;
    });
    const held = await holdDossier(tx, id, there.lists);
    const { copies: theirs } = await holdDossier(tx, other);
    expect?.(await readDossier(tx, id));
    const [newest] = held.copies;
    const united = unite({ id, row: newest }, { id: other, row: theirs[0] }, photos);
    const content = withPhotos(applyChange(newest, fields), united);
    // First, as the one that stays may take its external id.
    const removed = await deleteDossier(tx, other, { binnedBy, expect });
    // Whoever takes back the import that one of them came by must not take the person away.
    const lists = [...new Set([...held.copies, ...theirs].map((copy) => copy.list_id))];
    return { removed, kept: await writeDossier(tx, held, { content, lists, renewed: true }) };
  });
}

interface Side {
  readonly id: number;
  readonly row: Copy;
}

function unite(one: Side, other: Side, wanted: readonly string[] | undefined): ShownPhoto[] {
  const photosOf = ({ id, row }: Side) => readPhotos(row).map((shown) => [photoId(id, shown.photo.sha256), shown] as const);
  const known = new Map([...photosOf(one), ...photosOf(other)]);
  const chosen = (wanted ?? [...known.keys()]).map((id) => {
    const shown = known.get(id);
    if (shown === undefined) throw badParam('photos', `photos: ${id} is a photo of neither dossier.`);
    return shown;
  });
  // The same bytes are one photo; one that an engine has looked at is the better copy.
  const bySha256 = new Map<string, ShownPhoto>();
  for (const shown of chosen) {
    const { sha256 } = shown.photo;
    if (bySha256.get(sha256)?.features == null) bySha256.set(sha256, shown);
  }
  if (bySha256.size > dossierBounds.photos) {
    throw conflict(`Together they have ${bySha256.size} photos, and more than ${dossierBounds.photos} are not kept. Leave some out.`);
  }
  return [...bySha256.values()];
}
