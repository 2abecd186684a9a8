import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { readTreeNodes } from '@dossier/registry/tree.ts';
import type { TreeNode } from '@dossier/registry/tree.ts';
import { noSuchList } from './identity.ts';
import type { LinkRow } from './links.ts';
import type { Master } from './master.ts';
import { answerRefused } from './sync-failure.ts';

/** So many nodes are asked for at once. */
const nodesAtOnce = 128;

/** Where a replica and its master's list may differ: leaves of the master's tree, and prefixes under which the master holds nothing. */
export interface DifferingPart {
  leaves: { prefix: string; rows: readonly [uuid: string, hash: string][] }[];
  vacant: string[];
}

export interface Comparison {
  master: Master;
  link: Pick<LinkRow, 'remote_list_id' | 'remote_list' | 'remote_url'>;
  setId: number;
  connection: Connection;
  signal: AbortSignal;
}

/**
 * Walks down the master's tree where it differs from that of a set here, and gives the leaves that differ, some at a time: what is equal is never asked
 * about. Both trees may change meanwhile. Throws SyncFailure and FeedError.
 */
export async function* walkDifferences(comparison: Comparison): AsyncGenerator<DifferingPart> {
  const waiting = [''];
  while (waiting.length > 0) {
    // The deepest first, so that what waits stays few.
    const asked = waiting.splice(-nodesAtOnce);
    const [theirs, ours] = await Promise.all([askNodes(comparison, asked), readTreeNodes(comparison.connection, comparison.setId, asked)]);
    const part: DifferingPart = { leaves: [], vacant: [] };
    const held = new Map(ours.map((node) => [node.prefix, node]));
    const offered = new Map(theirs.map((node) => [node.prefix, node]));
    for (const prefix of asked) {
      const their = offered.get(prefix);
      const our = held.get(prefix);
      if (!their) part.vacant.push(prefix);
      else if (their.hash === our?.hash && their.count === our.count) continue;
      else if (their.rows) part.leaves.push({ prefix, rows: their.rows });
      else waiting.push(...compareChildren(their, our, part));
    }
    yield part;
  }
}

/** The children of the master's node that aren't the same here; those that the master doesn't have are vacant. */
function compareChildren(their: TreeNode, our: TreeNode | undefined, part: DifferingPart): string[] {
  const offered = new Map((their.children ?? []).map((child) => [child[0], child]));
  const held = new Map((our?.children ?? []).map((child) => [child[0], child]));
  const differing: string[] = [];
  for (const digit of '0123456789abcdef') {
    const child = offered.get(digit);
    const same = held.get(digit);
    if (!child) part.vacant.push(their.prefix + digit);
    else if (child[1] !== same?.[1] || child[2] !== same[2]) differing.push(their.prefix + digit);
  }
  return differing;
}

async function askNodes({ master, link, signal }: Comparison, prefixes: readonly string[]): Promise<TreeNode[]> {
  const answer = await master.tree(link.remote_list_id, prefixes, signal);
  if (answer.outcome === 'no-list') throw noSuchList(link);
  if ((link.remote_list ?? answer.dossierList) !== answer.dossierList) {
    throw answerRefused('ANSWER_OF_ANOTHER_LIST', "the tree of another list came as this list's");
  }
  return answer.nodes;
}

/** What differs in a part: dossiers that are here alone, and those that the master holds with another content or that are not here. */
export interface PartDifferences {
  extra: string[];
  missing: string[];
  changed: string[];
}

/** More are never told of one part: a list of which so much differs is fetched as a whole. */
export const mostCompared = 50_000;

/** Compares the rows of a part of the master's tree with those of a set. What is set aside stands for what the replica holds of it. */
export async function compareRows(
  connection: Connection,
  of: { setId: number; listId: number; part: DifferingPart },
): Promise<PartDifferences> {
  const { leaves, vacant } = of.part;
  if (leaves.length === 0 && vacant.length === 0) return { extra: [], missing: [], changed: [] };
  const rows = leaves.flatMap((leaf) => leaf.rows);
  const found = await query<{ kind: keyof PartDifferences; uuid: string }>(
    connection,
    `with theirs as (select uuid, decode(hash, 'hex') as hash from unnest(:uuids::uuid[], :hashes::text[]) t (uuid, hash)),
     ours as (
       select r.uuid, r.hash from unnest(:prefixes::text[]) p (prefix) cross join lateral (
         select d.uuid, d.hash from dossiers d where d.set_id = :setId and d.uuid between first_uuid(p.prefix) and last_uuid(p.prefix)
           and not exists (select from set_aside a where a.list_id = :listId and a.uuid = d.uuid)
         union all
         select a.uuid, a.hash from set_aside a where a.list_id = :listId and a.uuid between first_uuid(p.prefix) and last_uuid(p.prefix)
       ) r
     )
     select case when t.uuid is null then 'extra' when o.uuid is null then 'missing' else 'changed' end as kind, coalesce(t.uuid, o.uuid) as uuid
     from theirs t full join ours o on o.uuid = t.uuid where t.hash is distinct from o.hash order by 2 limit ${mostCompared}`,
    {
      setId: of.setId,
      listId: of.listId,
      uuids: rows.map(([uuid]) => uuid),
      hashes: rows.map(([, hash]) => hash),
      prefixes: [...leaves.map((leaf) => leaf.prefix), ...vacant],
    },
  );
  const uuidsOf = (kind: keyof PartDifferences) => found.filter((row) => row.kind === kind).map((row) => row.uuid);
  return { extra: uuidsOf('extra'), missing: uuidsOf('missing'), changed: uuidsOf('changed') };
}
