import type { Request, Response } from 'express';
import { z } from 'zod';
import type { ListHead } from '@dossier/feed/heads.ts';
import { acknowledgeWithdrawal, findWithdrawal } from '@dossier/feed/withdrawals.ts';
import { PURGE, REFUSAL_FIELD } from '@dossier/protocol/voucher.ts';
import type { SiteRefusal } from '@dossier/protocol/voucher.ts';
import { absent, json, sendSigned } from './feed-answer.ts';
import type { Asker, FeedDependencies } from './feed-handler.ts';
import { noteSite, told } from './feed-sightings.ts';

/* What who signs rightly and may not is answered. */

export async function refuse(response: Response, asker: Asker, refusal: SiteRefusal, { purge = false } = {}): Promise<void> {
  const fields = { ...asker.fields, [REFUSAL_FIELD]: purge ? `${refusal} ${PURGE}` : refusal };
  await sendSigned(response, { ...asker, fields }, json({ code: refusal }, 403));
}

/**
 * A list that a site may not read isn't there for it, whether there is one or not. Who names its uuid could read it once: it is told to give its copy up, each time,
 * and says that it did.
 */
export async function sendUngranted(
  request: Request,
  response: Response,
  asker: Asker,
  { deps, list }: { deps: FeedDependencies; list: number },
): Promise<void> {
  const { site } = asker.visitor;
  const named = z.uuid().safeParse(request.query['dossier_list']);
  const asked = site && named.success ? { siteId: site.id, listId: list, listUuid: named.data } : null;
  const withdrawal = asked && (await findWithdrawal(deps.database, asked));
  if (!withdrawal) return sendSigned(response, asker, absent);
  await refuse(response, asker, 'LIST_WITHDRAWN', withdrawal);
  await noteGivenUp(deps, request, asker, list);
  const { unconfirmed = null, state } = told.parse(request.query);
  if (state === 'withdrawn') await acknowledgeWithdrawal(deps.database, { ...asked, unconfirmed });
}

/** What was taken from a branch is taken from those who have it from there; nobody believes that who knows its master by the token alone. */
export async function sendWithdrawn(
  request: Request,
  response: Response,
  asker: Asker,
  { deps, head }: { deps: FeedDependencies; head: ListHead & { withdrawn: { purge: boolean } } },
): Promise<void> {
  if (asker.key !== deps.nodeKey) return sendSigned(response, asker, absent);
  await refuse(response, asker, 'LIST_WITHDRAWN', head.withdrawn);
  await noteGivenUp(deps, request, asker, head.listId);
}

/** Keeps a site's signed word that it shows its copy of a list no more. */
async function noteGivenUp(deps: FeedDependencies, request: Request, asker: Asker, list: number): Promise<void> {
  const { state = null, copy = null } = told.parse(request.query);
  if (state !== 'withdrawn') return;
  await noteSite(deps, request, asker, [{ listId: list, position: null, appliedDate: null, state, setAside: null, copy }]);
}

export function isWithdrawn(head: ListHead): head is ListHead & { withdrawn: { purge: boolean } } {
  return head.withdrawn !== null;
}
