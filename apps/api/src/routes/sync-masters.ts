import { randomUUID } from 'node:crypto';
import { isFailure } from '@dossier/domain/failure.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { masterTestRequest, masterTestSchema, normaliseRemoteUrl } from '@dossier/protocol/sync.ts';
import type { MasterTest } from '@dossier/protocol/sync.ts';
import { createFeedClient } from '@dossier/replication/feed-client.ts';
import { requireOtherNode } from '@dossier/replication/identity.ts';
import { createMaster } from '@dossier/replication/master.ts';
import { normaliseExternalAddress } from '@dossier/runtime/configuration.ts';
import { ApplicationError, badParam } from '@dossier/runtime/errors.ts';
import { parseBody } from '../parse.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { softwareVersion } from '../software-version.ts';
import type { SyncDependencies } from './sync.ts';

const timeoutMs = 10_000;

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
        response.json(await askMaster(deps, normaliseRemoteUrl(remoteUrl)));
      },
    },
  ];
}

/** Refuses a master that SYNC_ALLOWED_MASTERS doesn't name. */
export function requireAllowedMaster({ syncAllowedMasters }: SyncDependencies['configuration'], remoteUrl: string): void {
  if (syncAllowedMasters === null || syncAllowedMasters.includes(new URL(remoteUrl).origin)) return;
  throw badParam('remote_url', 'remote_url: is not one of the masters that SYNC_ALLOWED_MASTERS of this node allows.');
}

/** The key that signs what this node asks of masters. */
export function requireSigningKey({ signingKey }: Pick<SyncDependencies, 'signingKey'>): SigningKey {
  if (signingKey !== null) return signingKey;
  throw new ApplicationError('CONFLICT', 'SYNC_TOKEN is not set on this node, so it can not speak to a master. Nothing was changed.', {
    remedy: 'Set SYNC_TOKEN to the same text on this node and on the master, and restart them.',
  });
}

async function askMaster(deps: SyncDependencies, remoteUrl: string): Promise<MasterTest> {
  const client = createFeedClient({
    key: requireSigningKey(deps),
    remoteUrl,
    version: softwareVersion,
    now: () => new Date(),
    randomNonce: randomUUID,
  });
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const master = createMaster(client);
    const greeting = await master.greet(signal);
    const externalAddress = normaliseExternalAddress(deps.configuration.externalAddress);
    requireOtherNode(greeting, remoteUrl, { node: deps.nodeUuid, externalAddress, normaliseExternalAddress });
    const { dossier_lists: lists } = await master.lists(signal);
    const { hour, minute, time_zone: timeZone } = greeting.schedule;
    return {
      node: greeting.node,
      external_address: greeting.external_address,
      dossier_lists: lists.map(({ id, name, dossier_count }) => ({ id, name, dossier_count })),
      SYNC_TIME: { hour, minute },
      TIME_ZONE: timeZone,
    };
  } catch (error) {
    throw refusalOf(error, signal, remoteUrl);
  } finally {
    client.close();
  }
}

/** What may pass by itself is UNAVAILABLE, what needs a person is CONFLICT. */
function refusalOf(error: unknown, signal: AbortSignal, remoteUrl: string): unknown {
  if (isFailure(error)) {
    const code = error.kind === 'retry' ? 'UNAVAILABLE' : 'CONFLICT';
    return new ApplicationError(code, `${error.message} ${error.remedy}`, { param: 'remote_url', cause: error });
  }
  if (!signal.aborted) return error;
  return new ApplicationError(
    'UNAVAILABLE',
    `The master ${remoteUrl} did not answer within ${timeoutMs / 1000} seconds. Check its load and the line to it.`,
    { param: 'remote_url', cause: error },
  );
}
