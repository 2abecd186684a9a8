import type { Request } from 'express';
import { z } from 'zod';
import { noteFollower, noteToldHead } from '@dossier/feed/followers.ts';
import type { Holding } from '@dossier/feed/followers.ts';
import type { ListHead } from '@dossier/feed/heads.ts';
import { hasNumbered, noteNumber } from '@dossier/feed/site-numbers.ts';
import type { NumberVerdict } from '@dossier/feed/site-numbers.ts';
import { noteSeen } from '@dossier/feed/speakers.ts';
import type { Speaker } from '@dossier/feed/speakers.ts';
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
  erases: z.iso.datetime().optional().catch(undefined),
  erased: z.iso.datetime().optional().catch(undefined),
  unconfirmed: z.coerce.number().int().nonnegative().max(1_000_000).optional().catch(undefined),
});
const statementNumber = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);

/** Whether it signed by a key of its own. */
export function isKeyed({ verified }: Visitor): boolean {
  return verified.key.algorithm === 'ed25519';
}

/**
 * Keeps for the operator of the master who follows a list and what it says that it holds. The slave has its answer already.
 * @returns whether it says so now: false of what was said before, or held back until something later was said, and where it can't be found out
 */
export async function noteSite(deps: FeedDependencies, request: Request, { visitor }: Asker, seen: readonly Holding[]): Promise<boolean> {
  const { database, logger, alarms, now } = deps;
  const { site, verified } = visitor;
  const node = selfOf(request)?.node ?? (isKeyed(visitor) ? site?.node : null) ?? null;
  const place = { address: addressOf(request), version: versionOf(request) };
  try {
    if (site !== null && isKeyed(visitor)) {
      if ((await judgeNumber(deps, request, { site, signature: verified.signature })) === 'replayed') return false;
      await noteSeen(database, site.id, { ...place, tokenId: visitor.token });
    }
    if (node === null || seen.length === 0 || !visitor.isHeard) return true;
    const noted = await noteFollower(database, { node, ...place, siteId: site?.id ?? null }, seen, {
      statement: isKeyed(visitor) ? { base: verified.base, signature: verified.signature.slice(1, -1), key: verified.key.id } : null,
      saidDate: new Date(now().getTime() + verified.skewMs),
    });
    for (const odd of noted.filter(({ differs }) => differs)) {
      if (site !== null)
        await alarms.raise(site, 'SITE_DIFFERS', `says of list ${odd.list_id} what this node never told at that revision`, request);
    }
    return noted.every(({ overtaken }) => !overtaken);
  } catch (error) {
    logger.warn({ err: error, lists: seen.map((list) => list.listId) }, 'It could not be kept that a slave was seen.');
    return false;
  }
}

/** What the number shows under which a site says something. Only a greeting may do without one, once the site has given any. */
async function judgeNumber(
  { database, alarms }: FeedDependencies,
  request: Request,
  { site, signature }: { site: Speaker; signature: string },
): Promise<NumberVerdict> {
  const number = statementNumber.safeParse(request.query['number']);
  if (!number.success) {
    if (request.path === '/' || !(await hasNumbered(database, site.id))) return 'new';
    await alarms.raise(site, 'SITE_CLONED', 'says something without a number, and has given numbers before', request);
    return 'copied';
  }
  const verdict = await noteNumber(database, { siteId: site.id, number: number.data, signature });
  if (verdict === 'copied') await alarms.raise(site, 'SITE_CLONED', 'says something under a number that it has used before', request);
  return verdict;
}

/** Keeps a head that was told. The slave has its answer already. */
export async function noteTold({ database, logger }: FeedDependencies, { listId, position }: ListHead): Promise<void> {
  try {
    await noteToldHead(database, listId, position);
  } catch (error) {
    logger.warn({ err: error, list: listId }, 'It could not be kept which head was told.');
  }
}
