import type { Request } from 'express';
import { z } from 'zod';
import { noteFollower } from '@dossier/feed/followers.ts';
import type { Holding } from '@dossier/feed/followers.ts';
import { noteNumber } from '@dossier/feed/site-numbers.ts';
import { noteSeen } from '@dossier/feed/speakers.ts';
import { VOUCHER_FIELD, voucherKeyId } from '@dossier/protocol/voucher.ts';
import { addressOf } from '../session.ts';
import { selfOf, versionOf } from './feed-admission.ts';
import type { Visitor } from './feed-admission.ts';
import type { Asker, FeedDependencies } from './feed-handler.ts';

/** What a slave says of its copy of a list when it asks for the head. */
export const told = z.object({
  applied: z.iso.datetime().optional().catch(undefined),
  state: z
    .string()
    .regex(/^[a-z-]{1,20}$/)
    .optional()
    .catch(undefined),
  set_aside: z.coerce.number().int().nonnegative().max(1_000_000_000).optional().catch(undefined),
  copy: z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).optional().catch(undefined),
  unconfirmed: z.coerce.number().int().nonnegative().max(1_000_000).optional().catch(undefined),
});
const statementNumber = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);

/** Whether it signed by a key of its own. */
export function isKeyed({ verified }: Visitor): boolean {
  return verified.key.algorithm === 'ed25519';
}

/** Keeps for the operator of the master who follows a list and what it says that it holds. The slave has its answer already. */
export async function noteSite(deps: FeedDependencies, request: Request, { visitor }: Asker, seen: readonly Holding[]): Promise<void> {
  const { database, logger, alarms } = deps;
  const said = selfOf(request);
  if (said === null) return;
  const { site, verified } = visitor;
  const sighting = { node: said.node, address: addressOf(request), version: versionOf(request), siteId: site?.id ?? null };
  try {
    if (site !== null && isKeyed(visitor)) {
      await noteSeen(database, site.id, { ...sighting, tokenId: tokenShown(request, deps) });
      const number = statementNumber.safeParse(request.query['number']);
      if (number.success && (await noteNumber(database, { siteId: site.id, number: number.data, signature: verified.signature })))
        await alarms.raise(site, 'SITE_CLONED', 'says something under a number that it has used before', request);
    }
    if (seen.length === 0 || !visitor.isHeard) return;
    const statement = isKeyed(visitor) ? { base: verified.base, signature: verified.signature.slice(1, -1), key: verified.key.id } : null;
    for (const odd of await noteFollower(database, sighting, seen, statement)) {
      if (site !== null)
        await alarms.raise(site, 'SITE_DIFFERS', `says of list ${odd.list_id} what this node never told at that revision`, request);
    }
  } catch (error) {
    logger.warn({ err: error, lists: seen.map((list) => list.listId) }, 'It could not be kept that a slave was seen.');
  }
}

/** The id of the token that vouches for the visitor's key. */
function tokenShown(request: Request, { keys }: FeedDependencies): string | null {
  const voucher = request.headers[VOUCHER_FIELD];
  return typeof voucher === 'string' ? (keys.find((key) => key.id === voucherKeyId(voucher))?.id ?? null) : null;
}
