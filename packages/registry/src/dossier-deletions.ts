import type { Knex } from 'knex';
import { notFound } from '@dossier/runtime/errors.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { binCopies } from './bin/deletions.ts';
import type { CopiesDeletion } from './bin/deletions.ts';
import type { Expectation, WrittenDossier } from './dossier-changes.ts';
import { holdDossier, removeCopies } from './dossier-copies.ts';
import type { RemovedCopy } from './dossier-copies.ts';
import { readDossier } from './dossiers.ts';
import { changeOf } from './history-values.ts';
import { readOnly, requireWritable } from './read-only.ts';

/** A deletion that may be kept in the bin. */
export interface BinnableDeletion<Expected> {
  /** Who deletes; null: nothing is kept in the bin, the dossiers are erased at once. */
  binnedBy: string | null;
  expect?: Expected | undefined;
}

/** A dossier that was deleted, and its deletion in the bin, if it is there. */
export interface DeletedDossier extends WrittenDossier {
  deletion: number | null;
}

/** Deletes a dossier from all lists, and returns what it was. READ_ONLY on a slave: see deleteOffline. */
export async function deleteDossier(
  database: Database,
  id: number,
  { binnedBy, expect }: BinnableDeletion<Expectation>,
): Promise<DeletedDossier> {
  return transaction(database, async (tx) => {
    await requireWritable(tx);
    const { copies } = await holdDossier(tx, id);
    const dossier = await readDossier(tx, id);
    expect?.(dossier);
    const change = changeOf({ ...copies[0], lists: dossier.lists }, null);
    const bin: CopiesDeletion | null = binnedBy === null ? null : { kind: 'dossier', by: binnedBy, id: null };
    return { dossier, change, deletion: await deleteHeld(tx, copies, bin) };
  });
}

/**
 * Deletes dossiers of this node's own: takes all their copies from their lists, which are locked. Returns the deletion by which they are in the bin; null: they
 * are erased, as nothing is kept (`bin` is null).
 */
export async function deleteHeld(tx: Knex.Transaction, copies: readonly RemovedCopy[], bin: CopiesDeletion | null): Promise<number | null> {
  if (bin !== null) return binCopies(tx, copies, bin);
  await removeCopies(tx, copies);
  return null;
}

/**
 * The masters of which a dossier is a replica, and whether this node is a slave at all: then no other dossier can be deleted here. NOT_FOUND
 * if there is no such dossier.
 */
export async function findDeletionMasters(connection: Connection, id: number): Promise<{ slave: boolean; masters: string[] }> {
  const found = await queryOne<{ held: boolean; slave: boolean; masters: string[] }>(
    connection,
    `with holders as materialized (
       select p.list_id from rows_of(:id) d join list_positions p on p.set_id = d.set_id
     )
     select exists (select from holders) as held, exists (select from links) as slave, array(
       select distinct k.remote_url from links k join holders h on h.list_id = k.slave_list_id order by k.remote_url
     ) as masters`,
    { id },
  );
  if (!found?.held) throw notFound(`dossier ${id}`);
  return { slave: found.slave, masters: found.masters };
}

export interface OfflineDeletion {
  id: number;
  /** Who deletes, for the journal. */
  deletedBy: string;
  /** Addresses of masters that were found to be away a moment ago. */
  unavailableMasters: readonly string[];
  expect?: Expectation;
}

export type OfflineDeletionOutcome =
  | ({ outcome: 'deleted' } & WrittenDossier)
  /** Nothing was deleted: the dossier is also a replica of these masters, whose absence is not known yet. */
  | { outcome: 'ask'; masters: string[] }
  /** Nothing was deleted: the node has no link (any more). */
  | { outcome: 'no slave' };

/**
 * Deletes a dossier from all replicas that hold it, if their masters are all away, and journals the deletion for each of them. Lists of this node's own keep
 * it, as nothing would bring it back into them. A dossier in no replica is READ_ONLY.
 */
export async function deleteOffline(database: Database, deletion: OfflineDeletion): Promise<OfflineDeletionOutcome> {
  return transaction(database, async (tx) => {
    const links = await query<{ slave_list_id: number; remote_url: string }>(
      tx,
      `select slave_list_id, remote_url from links order by slave_list_id for key share`,
    );
    if (links.length === 0) return { outcome: 'no slave' };
    const { copies } = await holdDossier(tx, deletion.id);
    const dossier = await readDossier(tx, deletion.id);
    deletion.expect?.(dossier);
    const urls = new Map(links.map((link) => [link.slave_list_id, link.remote_url]));
    const replicas = copies.filter((copy) => urls.has(copy.list_id));
    if (replicas.length === 0) throw readOnly([...urls.values()]);
    const masters = [...new Set(replicas.map((copy) => urls.get(copy.list_id) ?? ''))];
    const unknown = masters.filter((master) => !deletion.unavailableMasters.includes(master));
    if (unknown.length > 0) return { outcome: 'ask', masters: unknown };
    for (const { list_id: list, uuid, id, name, external_id: externalId } of replicas) {
      await query(
        tx,
        `insert into offline_deletions (slave_list_id, dossier, dossier_id, name, external_id, deleted_by)
         values (:list, :uuid, :id, :name, :externalId, :deletedBy)`,
        { list, uuid, id, name, externalId, deletedBy: deletion.deletedBy },
      );
    }
    await removeCopies(tx, replicas);
    return { outcome: 'deleted', dossier, change: changeOf({ ...copies[0], lists: dossier.lists }, null) };
  });
}
