import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import { isFailure } from '@dossier/domain/failure.ts';
import type { InvitationKeys } from '@dossier/protocol/voucher.ts';
import { masterTestRequest, masterTestSchema, normaliseRemoteUrl } from '@dossier/protocol/sync.ts';
import type { MasterTest } from '@dossier/protocol/sync.ts';
import { createFeedClient } from '@dossier/replication/feed-client.ts';
import { requireOtherNode } from '@dossier/replication/identity.ts';
import { createMaster } from '@dossier/replication/master.ts';
import { findMaster } from '@dossier/replication/masters.ts';
import { StatementNumbers } from '@dossier/replication/statement-numbers.ts';
import { NodeTrust } from '@dossier/replication/trust.ts';
import type { Master } from '@dossier/replication/master.ts';
import { withoutRun } from '@dossier/replication/run-sentences.ts';
import { normaliseExternalAddress } from '@dossier/runtime/configuration.ts';
import { ApplicationError, badParam } from '@dossier/runtime/errors.ts';
import { isRefusedAddress } from '@dossier/runtime/outbound-address.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { parseBody } from '../parse.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { requireAttempt } from '../second-step.ts';
import { actorOf, identityOf } from '../session.ts';
import { softwareVersion } from '../software-version.ts';
import type { SyncDependencies } from './sync.ts';

const testTimeoutMs = 10_000;
const questionsPerMinute = 60;

export function syncMasterRoutes(deps: SyncDependencies): Route[] {
  return [
    {
      method: 'post',
      path: '/sync/test/',
      access: 'admin',
      operation: {
        tags: ['Replication'],
        summary: 'Ask a master who it is and what it offers',
        description: 'Nothing is changed. 409 says why it can not be linked, 503 that it did not answer.',
        requestBody: jsonBody(masterTestRequest),
        responses: answers({ '200': masterTestSchema }),
      },
      async handle(request, response) {
        const { remote_url: remoteUrl } = await parseBody(request, masterTestRequest);
        requireAllowedMaster(deps.configuration, remoteUrl);
        await limitQuestions(deps, request, response);
        const object = { kind: 'master', name: normaliseRemoteUrl(remoteUrl) } as const;
        await recordAudit(deps.database, actorOf(request), { action: 'master-tested', object });
        response.json(await askMaster(deps, normaliseRemoteUrl(remoteUrl)));
      },
    },
  ];
}

/**
 * Refuses a master that SYNC_ALLOWED_MASTERS doesn't name, and a link-local or metadata address. What a name leads to is looked at when it is
 * connected to.
 */
export function requireAllowedMaster({ syncAllowedMasters }: SyncDependencies['configuration'], remoteUrl: string): void {
  const { hostname, origin } = new URL(remoteUrl);
  if (isRefusedAddress(hostname)) {
    throw badParam('remote_url', 'remote_url: is a link-local address or the metadata service of a cloud, where no master is.');
  }
  if (syncAllowedMasters === null || syncAllowedMasters.includes(origin)) return;
  throw badParam('remote_url', 'remote_url: is not one of the masters that SYNC_ALLOWED_MASTERS of this node allows.');
}

/** Bounds how often a user makes this node ask other hosts, which would make it a scanner of its network. Throws TOO_MANY_REQUESTS. */
export async function limitQuestions({ database }: SyncDependencies, request: Request, response: Response): Promise<void> {
  const subject = `ask masters ${identityOf(request).user.id}`;
  const limits = [{ subject, maximum: questionsPerMinute, windowSeconds: 60 }];
  await requireAttempt(database, response, limits, 'Masters were asked too often');
}

/** Refuses with CONFLICT to speak to a master that this node can't introduce itself to. */
export async function requireIntroduction({ database, own }: Pick<SyncDependencies, 'database' | 'own'>, remoteUrl: string): Promise<void> {
  if (own.token !== null || (await findMaster(database, normaliseRemoteUrl(remoteUrl))) !== null) return;
  throw new ApplicationError('CONFLICT', 'SYNC_TOKEN is not set on this node, so it can not speak to a master. Nothing was changed.', {
    remedy:
      'Set SYNC_TOKEN to the same text on this node and on the master, and restart them, or join the master by an invitation ("dossier join").',
  });
}

/**
 * Greets a master, makes sure that it is another node of the same installation, and asks it what `work` wants to know. Why it can't be
 * linked is CONFLICT, that it doesn't answer is UNAVAILABLE.
 */
export async function withMaster<Result>(
  deps: SyncDependencies,
  { remoteUrl, timeoutMs, invitation = null }: { remoteUrl: string; timeoutMs: number; invitation?: InvitationKeys | null },
  work: (master: Master, signal: AbortSignal, greeting: Awaited<ReturnType<Master['greet']>>) => Promise<Result>,
): Promise<Result> {
  if (invitation === null) await requireIntroduction(deps, remoteUrl);
  const client = createFeedClient({
    key: new NodeTrust(deps.database, { remoteUrl, own: deps.own, invitation }),
    ...(invitation && { toleranceMs: Number.POSITIVE_INFINITY }),
    remoteUrl,
    version: softwareVersion,
    now: () => new Date(),
    randomNonce: randomUUID,
  });
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const self = { node: deps.nodeUuid, name: deps.configuration.nodeName, number: () => new StatementNumbers(deps.database).next() };
    const master = createMaster(client, self);
    const greeting = await master.greet(signal);
    const externalAddress = normaliseExternalAddress(deps.configuration.externalAddress);
    requireOtherNode(greeting, remoteUrl, { node: deps.nodeUuid, externalAddress, normaliseExternalAddress });
    return await work(master, signal, greeting);
  } catch (error) {
    throw refusalOf(error, signal, { remoteUrl, timeoutMs });
  } finally {
    client.close();
  }
}

function askMaster(deps: SyncDependencies, remoteUrl: string): Promise<MasterTest> {
  return withMaster(deps, { remoteUrl, timeoutMs: testTimeoutMs }, async (master, signal, greeting) => {
    const { dossier_lists: lists } = await master.lists(signal);
    const { hour, minute, time_zone: timeZone } = greeting.schedule;
    return {
      node: greeting.node,
      external_address: greeting.external_address,
      dossier_lists: lists.map(({ id, name, dossier_count }) => ({ id, name, dossier_count })),
      SYNC_TIME: { hour, minute },
      TIME_ZONE: timeZone,
    };
  });
}

/** What may pass by itself is UNAVAILABLE, what needs a person is CONFLICT. */
function refusalOf(error: unknown, signal: AbortSignal, { remoteUrl, timeoutMs }: { remoteUrl: string; timeoutMs: number }): unknown {
  if (isFailure(error)) {
    const code = error.kind === 'retry' ? 'UNAVAILABLE' : 'CONFLICT';
    return new ApplicationError(code, withoutRun(`${error.message} ${error.remedy}`), { param: 'remote_url', cause: error });
  }
  if (!signal.aborted) return error;
  return new ApplicationError(
    'UNAVAILABLE',
    `The master ${remoteUrl} did not answer within ${timeoutMs / 1000} seconds. Check its load and the line to it.`,
    { param: 'remote_url', cause: error },
  );
}
