import type { Request } from 'express';
import { nodeKeyId, wordsOf } from '@dossier/protocol/node-key.ts';
import { pageQuery } from '@dossier/protocol/queries.ts';
import {
  changedSiteSchema,
  createdSiteSchema,
  revokedSiteSchema,
  siteAcceptance,
  siteChange,
  siteCreation,
  siteRevocation,
  siteSchema,
} from '@dossier/protocol/site.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { newInvitationCode, readInvitationCode } from '@dossier/protocol/voucher.ts';
import {
  acceptSite,
  createSite,
  deleteSite,
  grantLists,
  listLetInBy,
  listSites,
  readSite,
  renameSite,
  revokeSite,
} from '@dossier/feed/sites.ts';
import type { SiteRow } from '@dossier/feed/sites.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import { badParam } from '@dossier/runtime/errors.ts';
import { transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { audited } from '../audited.ts';
import { existingLists } from '../existing-lists.ts';
import { decodeCursor, presentPage } from '../cursor.ts';
import type { CursorOrder } from '../cursor.ts';
import { parseOptionalBody } from '../optional-body.ts';
import { parseBody, parseQuery, pathId } from '../parse.ts';
import { presentSite } from '../presenters/sites.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf } from '../session.ts';
import type { SiteAlarms } from '../site-alarms.ts';
import type { SiteConnections } from '../site-connections.ts';
import type { SiteWords } from '../site-words.ts';

const tags = ['Sites'];
const what = 'such site';
const byPlace: CursorOrder = { ordering: 'place', column: 'text' };
const invitationMinutes = 30;

export interface SiteDependencies {
  readonly database: Database;
  readonly alarms: SiteAlarms;
  readonly connections: SiteConnections;
  readonly words: SiteWords;
  readonly configuration: Pick<Configuration, 'siteApproval' | 'siteKeys' | 'syncToken'>;
}

/** On a master: the sites that it knows, who may come and what each may read. */
export function siteRoutes(deps: SiteDependencies): Route[] {
  return [listRoute(deps), createRoute(deps), ...itemRoutes(deps), deleteRoute(deps), acceptRoute(deps), revokeRoute(deps)];
}

function objectOf({ id, name }: SiteRow) {
  return { kind: 'site', id, name } as const;
}

function listRoute({ database, words }: SiteDependencies): Route {
  return {
    method: 'get',
    path: '/sites/',
    access: 'viewer',
    query: pageQuery,
    operation: {
      tags,
      summary:
        'The sites that this master knows, those that wait for a person first, with what each last proved to hold; what it signed stands in one site',
      responses: answers({ '200': pageOf(siteSchema) }),
    },
    async handle(request, response) {
      const { limit, page } = parseQuery(request, pageQuery);
      const found = await listSites(database, { cursor: decodeCursor(page, byPlace), limit });
      for (const { id, key, words: known } of found.rows) if (key !== null && known === null) words.makeLater({ id, key });
      response.json(presentPage(found, presentSite, byPlace));
    },
  };
}

function createRoute({ database, configuration }: SiteDependencies): Route {
  return {
    method: 'post',
    path: '/sites/',
    access: 'admin',
    operation: {
      tags,
      summary: 'Invite a site, or enter one by its public key',
      description:
        'Without `key` the answer holds the invitation’s `code`, this once: it introduces one node, within 30 minutes ("dossier join"). With `key` (as the node shows it, or PEM) the site may come at once. Without `lists` it may read all. An invitation of that name that nobody has used is taken back, and without `lists` this one gives what that gave.',
      requestBody: jsonBody(siteCreation),
      responses: answers({ '201': createdSiteSchema }),
    },
    async handle(request, response) {
      const { name, lists, key: pasted } = await parseBody(request, siteCreation);
      const introduction = pasted === undefined ? invite() : await broughtKey(pasted);
      const made = await audited(
        database,
        request,
        async (tx) => {
          const granted = await existingLists(tx, lists, { param: 'lists' });
          return createSite(tx, { name, ...(granted !== undefined && { lists: granted }), introduction: introduction.of });
        },
        ({ site, replaced }) => ({
          action: 'site-added',
          object: objectOf(site),
          details: { lists: site.lists, invited: introduction.code !== null, ...(replaced !== null && { replaced }) },
        }),
      );
      response.status(201).json({ ...presentSite(made.site), code: introduction.code, notes: notesOfLimit(made.site, configuration) });
    },
  };
}

function invite() {
  const code = newInvitationCode();
  const keys = readInvitationCode(code);
  if (!keys) throw new Error('a new code is none');
  return { code, of: { codeKey: keys.site.id, answerSecret: keys.master.secret.export(), minutes: invitationMinutes } };
}

async function broughtKey(text: string) {
  const key = nodeKeyId(text);
  if (key === null) throw badParam('key', 'key: is no public Ed25519 key; "dossier status" on the node, or GET /node/, shows it.');
  return { code: null, of: { key, words: await wordsOf(key) } };
}

function itemRoutes({ database, words, configuration }: SiteDependencies): Route[] {
  return [
    {
      method: 'get',
      path: '/sites/:id/',
      access: 'viewer',
      operation: { tags, summary: 'One site', responses: answers({ '200': siteSchema }) },
      async handle(request, response) {
        response.json(presentSite(await words.complete(await readSite(database, pathId(request, what)))));
      },
    },
    {
      method: 'patch',
      path: '/sites/:id/',
      access: 'admin',
      operation: {
        tags,
        summary: 'Rename a site, or say which lists it may read',
        description:
          '`lists` is the whole set; null grants all. Copies of lists that are taken away are withdrawn: the site stops serving them at its next question; `purge` lets it delete them as well, and those that were withdrawn before. Lists that it had and that were deleted since are left out.',
        requestBody: jsonBody(siteChange),
        responses: answers({ '200': changedSiteSchema }),
      },
      async handle(request, response) {
        const id = pathId(request, what);
        const { name, lists, purge = false } = await parseBody(request, siteChange);
        const changed = await audited(
          database,
          request,
          async (tx) => {
            const before = await readSite(tx, id);
            const granted = await existingLists(tx, lists, { param: 'lists', before: before.lists });
            if (name !== undefined) await renameSite(tx, id, name);
            if (granted !== undefined) await grantLists(tx, id, { lists: granted, purge });
            return { before, site: await readSite(tx, id) };
          },
          ({ before, site }) => ({
            action: 'site-changed',
            object: objectOf(site),
            details: {
              ...(name !== undefined && { before: before.name }),
              ...(lists !== undefined && { lists: site.lists, before_lists: before.lists, purge }),
            },
          }),
        );
        response.json({ ...presentSite(changed.site), notes: notesOfLimit(changed.site, configuration) });
      },
    },
  ];
}

function deleteRoute({ database }: SiteDependencies): Route {
  return {
    method: 'delete',
    path: '/sites/:id/',
    access: 'admin',
    operation: {
      tags,
      summary: 'Forget a site that never came, waits, or speaks by the token alone',
      description: 'Its code is worth nothing any more. 409 for a site whose key was accepted: revoke it.',
      responses: answers({ '204': null }),
    },
    async handle(request, response) {
      const id = pathId(request, what);
      await audited(
        database,
        request,
        async (tx) => {
          const site = await readSite(tx, id);
          await deleteSite(tx, id);
          return site;
        },
        (site) => ({ action: 'site-deleted', object: objectOf(site) }),
      );
      response.status(204).end();
    },
  };
}

function acceptRoute({ database, words }: SiteDependencies): Route {
  return {
    method: 'post',
    path: '/sites/:id/accept/',
    access: 'admin',
    operation: {
      tags,
      summary: 'Let a site in that waits, or put an alert about one to rest',
      description:
        'Compare its four words with those that the node shows before. `lists` says what it may read from then on; null: all. Without it that stays as it is; for a site that waits because this node was restored from before it met it (`introduced_by` master), it is needed.',
      requestBody: { ...jsonBody(siteAcceptance), required: false },
      responses: answers({ '200': siteSchema }),
    },
    async handle(request, response) {
      const id = pathId(request, what);
      const { lists } = await parseOptionalBody(request, siteAcceptance);
      await words.complete(await readSite(database, id));
      const site = await audited(
        database,
        request,
        async (tx) => {
          const { lists: before } = await readSite(tx, id);
          await acceptSite(tx, id, await existingLists(tx, lists, { param: 'lists', before }));
          return readSite(tx, id);
        },
        (accepted) => ({ action: 'site-accepted', object: objectOf(accepted), details: { words: accepted.words, lists: accepted.lists } }),
      );
      response.json(presentSite(site));
    },
  };
}

function revokeRoute({ database, alarms, connections, configuration }: SiteDependencies): Route {
  return {
    method: 'post',
    path: '/sites/:id/revoke/',
    access: 'admin',
    operation: {
      tags,
      summary: 'Refuse a site from now on, for good',
      description:
        'Every request of its key is answered by a signed SITE_REVOKED, answers under way end, its code is worth nothing any more. If it holds SYNC_TOKEN, that alone lets nobody in any more: newcomers wait until somebody accepts them, or the token is changed. `notes` says what is left to do.',
      requestBody: jsonBody(siteRevocation),
      responses: answers({ '200': revokedSiteSchema }),
    },
    async handle(request, response) {
      const id = pathId(request, what);
      const { reason } = await parseBody(request, siteRevocation);
      const done = await revoke(database, request, { id, reason, alarms });
      connections.end(id);
      await alarms.remind(done.deliveries);
      const letIn = await listLetInBy(database, done.site.token_ids, mostTold);
      response.json({
        ...presentSite(done.site),
        notes: notesOf(done.site, { letIn, siteKeys: configuration.siteKeys }),
        let_in: letIn.map(({ id: other, name }) => ({ id: other, name })),
      });
    },
  };
}

/** What is to be known of a site that may read some lists only: a limit is one of its key, and a token is known to be in its box once that has shown it. */
function notesOfLimit(
  { lists, token_ids: shown }: SiteRow,
  { siteKeys, siteApproval, syncToken }: SiteDependencies['configuration'],
): string[] {
  if (siteKeys === 'off')
    return lists === null
      ? []
      : ['SITE_KEYS is off on this master, so nothing is limited: whoever holds SYNC_TOKEN reads all lists. Set it to prefer and restart.'];
  if (lists === null || shown.length > 0 || siteKeys === 'require' || siteApproval === 'required' || syncToken === null) return [];
  return [
    'Its key reads no other lists. If SYNC_TOKEN is on its box as well, and the site has never shown it here, whoever has the box can read all lists by that token alone: take it from there, or set SITE_KEYS: require on this master.',
  ];
}

const mostTold = 20;

/** What is left to do once a site was revoked. */
function notesOf(site: SiteRow, { letIn, siteKeys }: { letIn: readonly SiteRow[]; siteKeys: Configuration['siteKeys'] }): string[] {
  const isHolder = site.token_ids.length > 0;
  const others = letIn.map(({ id, name }) => `${JSON.stringify(name)} (site ${id})`).join(', ');
  return [
    ...(siteKeys === 'off'
      ? [
          'SITE_KEYS is off on this master, so the revocation is not kept: whoever holds SYNC_TOKEN reads all lists. Set it to prefer and restart.',
        ]
      : []),
    isHolder
      ? 'It held SYNC_TOKEN, by which its thief could come as another site: whoever comes by that token now waits until somebody accepts it (SITE_PENDING), and nobody reads by the token alone. Change SYNC_TOKEN on this master and on the other sites; then newcomers are let in again. Those that are known go on by their keys.'
      : 'It has never shown SYNC_TOKEN. If its box held it all the same, change SYNC_TOKEN on this master and on the other sites.',
    ...(others === ''
      ? []
      : [
          `The same token alone, and no person, has let in: ${others}. If one of them is not yours, it may be the thief: revoke it as well. "dossier site accept" says that one is yours.`,
        ]),
  ];
}

async function revoke(database: Database, request: Request, { id, reason, alarms }: { id: number; reason: string; alarms: SiteAlarms }) {
  return transaction(database, async (tx) => {
    await readSite(tx, id);
    await revokeSite(tx, id, reason);
    const site = await readSite(tx, id);
    await recordAudit(tx, actorOf(request), { action: 'site-revoked', object: objectOf(site), details: { reason, key: site.key } });
    const sentence = `The site ${JSON.stringify(site.name)} was revoked by ${actorOf(request).actor}: ${reason}.`;
    return { site, deliveries: await alarms.note(tx, site, { code: 'SITE_REVOKED', sentence }) };
  });
}
