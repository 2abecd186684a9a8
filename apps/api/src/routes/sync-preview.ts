import type { z } from 'zod';
import { normaliseRemoteUrl, previewRequest, previewSchema } from '@dossier/protocol/sync.ts';
import type { Preview } from '@dossier/protocol/sync.ts';
import { requireNoCircle } from '@dossier/replication/identity.ts';
import { countRemovedByFirstSync } from '@dossier/replication/preview.ts';
import { SyncFailure } from '@dossier/replication/sync-failure.ts';
import { ApplicationError, badParam } from '@dossier/runtime/errors.ts';
import { readWatchList } from '@dossier/registry/watch-lists.ts';
import { parseBody } from '../parse.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import type { SyncDependencies } from './sync.ts';
import { limitQuestions, requireAllowedMaster, withMaster } from './sync-masters.ts';

const timeoutMs = 60_000;

export function syncPreviewRoutes(deps: SyncDependencies): Route[] {
  return [
    {
      method: 'post',
      path: '/sync/preview/',
      access: 'admin',
      operation: {
        tags: ['Replication'],
        summary: 'What the first sync of such a link would do',
        description: 'Nothing is changed. 409 says why it can not be linked, 503 that the master did not answer.',
        requestBody: jsonBody(previewRequest),
        responses: answers({ '200': previewSchema }),
      },
      async handle(request, response) {
        const body = await parseBody(request, previewRequest);
        requireAllowedMaster(deps.configuration, body.remote_url);
        await limitQuestions(deps, request, response);
        response.json(await preview(deps, body));
      },
    },
  ];
}

async function preview(deps: SyncDependencies, body: z.output<typeof previewRequest>): Promise<Preview> {
  const { database } = deps;
  const listId = body.slave_dossier_list;
  const list = await readWatchList(database, listId).catch((error: unknown) => {
    if (!(error instanceof ApplicationError) || error.code !== 'NOT_FOUND') throw error;
    throw badParam('slave_dossier_list', `There is no watch list ${listId} on this node.`);
  });
  return withMaster(deps, { remoteUrl: normaliseRemoteUrl(body.remote_url), timeoutMs }, async (master, signal) => {
    const answer = await master.head(body.remote_dossier_list, { position: null, tag: null }, signal);
    if (answer.outcome !== 'head') {
      throw new SyncFailure('NO_SUCH_LIST', `The master ${body.remote_url} has no watch list ${body.remote_dossier_list}.`);
    }
    requireNoCircle(answer.head, body.remote_url, { node: deps.nodeUuid });
    const link = { remote_list_id: body.remote_dossier_list, remote_list: answer.head.dossier_list, remote_url: body.remote_url };
    const removed = await countRemovedByFirstSync(database, listId, { master, link, signal });
    return { remote_name: answer.head.name, remote_count: answer.head.position.count, local_count: list.dossier_count, removed };
  });
}
