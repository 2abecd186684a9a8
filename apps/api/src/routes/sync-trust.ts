import { joinedSchema, joinRequest, masterAcceptance, masterSchema, mastersSchema } from '@dossier/protocol/master.ts';
import type { Joined, Master } from '@dossier/protocol/master.ts';
import { wordsOf } from '@dossier/protocol/node-key.ts';
import { normaliseRemoteUrl } from '@dossier/protocol/sync.ts';
import { readInvitationCode } from '@dossier/protocol/voucher.ts';
import { acceptOfferedKey, findMaster, forgetMaster, listMasters, readMaster } from '@dossier/replication/masters.ts';
import type { MasterRow } from '@dossier/replication/masters.ts';
import { isFailure } from '@dossier/domain/failure.ts';
import { ApplicationError, badParam, conflict } from '@dossier/runtime/errors.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { audited } from '../audited.ts';
import { parseBody, pathId } from '../parse.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf } from '../session.ts';
import { limitQuestions, requireAllowedMaster, withMaster } from './sync-masters.ts';
import type { SyncDependencies } from './sync.ts';

const tags = ['Replication'];
const what = 'such master';
const joinTimeoutMs = 20_000;

/** Whose answers this node believes, and how it comes to believe them. */
export function syncTrustRoutes(deps: SyncDependencies): Route[] {
  return [listRoute(deps), joinRoute(deps), acceptRoute(deps), forgetRoute(deps)];
}

async function presentMaster(row: MasterRow): Promise<Master> {
  return {
    id: row.id,
    remote_url: row.remote_url,
    node: row.node,
    name: row.name,
    key: row.key,
    words: await wordsOf(row.key),
    pinned_date: row.pinned_date.toISOString(),
    offered:
      row.offered_key === null || row.offered_date === null
        ? null
        : {
            key: row.offered_key,
            words: await wordsOf(row.offered_key),
            remote_url: row.offered_url ?? row.remote_url,
            date: row.offered_date.toISOString(),
          },
  };
}

function objectOf({ remote_url: name }: MasterRow) {
  return { kind: 'master', name } as const;
}

function listRoute({ database }: SyncDependencies): Route {
  return {
    method: 'get',
    path: '/sync/masters/',
    limited: 'all',
    access: 'viewer',
    operation: { tags, summary: 'Whose answers this node believes, under which address', responses: answers({ '200': mastersSchema }) },
    async handle(_request, response) {
      const masters: Master[] = [];
      for (const row of await listMasters(database)) masters.push(await presentMaster(row));
      response.json(masters);
    },
  };
}

function joinRoute(deps: SyncDependencies): Route {
  return {
    method: 'post',
    path: '/sync/masters/',
    access: 'admin',
    operation: {
      tags,
      summary: 'Introduce this node to a master by an invitation’s code',
      description:
        'Needs no SYNC_TOKEN. From then on both know each other by their keys. 409 says why the code is not taken, `cause` by which code; 503, that it may be later.',
      requestBody: jsonBody(joinRequest),
      responses: answers({ '201': joinedSchema }),
    },
    async handle(request, response) {
      const { remote_url: url, code } = await parseBody(request, joinRequest);
      const { nodeKey } = deps.own;
      if (nodeKey === null)
        throw conflict('This host has no key of its node (NODE_KEY_MISSING; the log says more), so it can not join a master.');
      const invitation = readInvitationCode(code);
      if (invitation === null) throw badParam('code', 'code: is no invitation; it has 20 letters and digits in groups of four.');
      requireAllowedMaster(deps.configuration, url);
      await limitQuestions(deps, request, response);
      const remoteUrl = normaliseRemoteUrl(url);
      const name = await withMaster(
        deps,
        { remoteUrl, timeoutMs: joinTimeoutMs, invitation },
        async (_master, _signal, greeting) => greeting.name ?? null,
      );
      const row = await findMaster(deps.database, remoteUrl);
      if (row === null) throw new Error('a master was joined and is not known');
      await recordAudit(deps.database, actorOf(request), {
        action: 'master-joined',
        object: objectOf(row),
        details: { name, key: row.key },
      });
      const joined: Joined = {
        master: await presentMaster(row),
        own_words: await wordsOf(nodeKey.id),
        ...(await offeredBy(deps, remoteUrl)),
      };
      response.status(201).json(joined);
    },
  };
}

/** What may be linked there. What keeps that from being known is told, and is no error: the code is used already. */
async function offeredBy(deps: SyncDependencies, remoteUrl: string): Promise<Pick<Joined, 'dossier_lists' | 'clock' | 'fault'>> {
  try {
    const answer = await withMaster(deps, { remoteUrl, timeoutMs: joinTimeoutMs }, (master, signal) => master.lists(signal));
    const lists = answer.dossier_lists.map(({ id, name, dossier_count }) => ({ id, name, dossier_count }));
    return { dossier_lists: lists, clock: null, fault: null };
  } catch (error) {
    if (!(error instanceof ApplicationError)) throw error;
    const code = isFailure(error.cause) ? error.cause.code : error.code;
    if (code === 'CLOCK_DIFFERS') return { dossier_lists: [], clock: error.detail, fault: null };
    return { dossier_lists: [], clock: null, fault: { code, desc: error.detail } };
  }
}

function acceptRoute({ database }: SyncDependencies): Route {
  return {
    method: 'post',
    path: '/sync/masters/:id/accept/',
    access: 'admin',
    operation: {
      tags,
      summary: 'Believe the other key that a master signs with now',
      description:
        'After comparing its words with those that the master shows. `key` is the one in `offered`; 409 if another one came meanwhile.',
      requestBody: jsonBody(masterAcceptance),
      responses: answers({ '200': masterSchema }),
    },
    async handle(request, response) {
      const id = pathId(request, what);
      const { key } = await parseBody(request, masterAcceptance);
      const row = await audited(
        database,
        request,
        async (tx) => {
          const before = await readMaster(tx, id);
          if (!(await acceptOfferedKey(tx, id, key)))
            throw conflict('This is not the key that is offered now. Look again, and compare its words.');
          return { before, after: await readMaster(tx, id) };
        },
        ({ before, after }) => ({ action: 'master-accepted', object: objectOf(after), details: { before: before.key, after: after.key } }),
      );
      response.json(await presentMaster(row.after));
    },
  };
}

function forgetRoute({ database }: SyncDependencies): Route {
  return {
    method: 'delete',
    path: '/sync/masters/:id/',
    access: 'admin',
    operation: {
      tags,
      summary: 'Forget a master’s key',
      description:
        'The next key that SYNC_TOKEN vouches for under this address is believed; a master that was joined by an invitation has to be joined anew.',
      responses: answers({ '204': null }),
    },
    async handle(request, response) {
      const id = pathId(request, what);
      await audited(
        database,
        request,
        async (tx) => {
          const row = await readMaster(tx, id);
          await forgetMaster(tx, id);
          return row;
        },
        (row) => ({ action: 'master-forgotten', object: objectOf(row), details: { key: row.key } }),
      );
      response.status(204).end();
    },
  };
}
