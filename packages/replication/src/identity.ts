import type { Head } from '@dossier/protocol/feed.ts';
import type { Master } from './master.ts';
import type { LinkRow } from './links.ts';
import type { StartedRun } from './runs.ts';
import { SyncFailure } from './sync-failure.ts';

/** What this node is, to be compared with who answers. `externalAddress` is normalised. */
export interface OwnIdentity {
  node: string;
  externalAddress: string | null;
  normaliseExternalAddress(value: string | null): string | null;
}

/**
 * Refuses whoever is not the master that was linked: this node itself, whoever has the list from it, another installation, another node, another list under the same
 * number. What isn't pinned yet is taken as it is. Throws SyncFailure.
 */
export function requireIdentity(head: Head, link: LinkRow, own: OwnIdentity): void {
  requireOtherNode(head, link.remote_url, own);
  requireNoCircle(head, link.remote_url, own);
  if (link.remote_node !== null && head.node !== link.remote_node) {
    throw new SyncFailure('NODE_REPLACED', `Another node than the linked master answers at ${link.remote_url}.`);
  }
  if (link.remote_list !== null && head.dossier_list !== link.remote_list) {
    throw new SyncFailure(
      'LIST_REPLACED',
      `The master's list ${link.remote_list_id} (${JSON.stringify(head.name)}) is another list than the one that was linked.`,
    );
  }
}

/** Refuses this node itself and another installation. Throws SyncFailure. */
export function requireOtherNode(who: { node: string; external_address: string | null }, remoteUrl: string, own: OwnIdentity): void {
  if (who.node === own.node) throw new SyncFailure('THIS_NODE_ITSELF', `${remoteUrl} leads to this node itself.`);
  const theirs = own.normaliseExternalAddress(who.external_address);
  if (theirs !== own.externalAddress) {
    throw new SyncFailure(
      'EXTERNAL_ADDRESS_DIFFERS',
      `EXTERNAL_ADDRESS is ${own.externalAddress ?? 'not set'} on this node and ${theirs ?? 'not set'} on the master ${remoteUrl}.`,
    );
  }
}

/**
 * Refuses a list that comes from this node itself, through however many others: it would take back what was edited here since. Throws SyncFailure.
 */
export function requireNoCircle({ origins }: Head, remoteUrl: string, own: Pick<OwnIdentity, 'node'>): void {
  const distance = origins.indexOf(own.node);
  if (distance === -1) return;
  const way = [...origins.slice(0, distance).map((node) => `the node ${node}`), 'this node'].join(', which replicates it from ');
  throw new SyncFailure('THIS_NODE_ITSELF', `This list comes from this node itself: ${remoteUrl} replicates it from ${way}.`);
}

/** The first contact of a link: who is there, in which versions, which list. Throws FeedError or SyncFailure. */
export async function greetMaster(master: Master, started: StartedRun, context: { own: OwnIdentity; signal: AbortSignal }): Promise<Head> {
  const { link } = started;
  const greeting = await master.greet(context.signal);
  requireOtherNode(greeting, link.remote_url, context.own);
  const answer = await master.head(link.remote_list_id, { position: null, tag: null }, context.signal);
  if (answer.outcome !== 'head') throw noSuchList(link);
  requireIdentity(answer.head, link, context.own);
  return answer.head;
}

export function noSuchList(link: Pick<LinkRow, 'remote_list_id' | 'remote_url'>): SyncFailure {
  return new SyncFailure('NO_SUCH_LIST', `The master ${link.remote_url} has no watch list ${link.remote_list_id}.`);
}
