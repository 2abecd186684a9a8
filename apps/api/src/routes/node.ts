import { nodeSchema, settingsSchema } from '@dossier/protocol/node.ts';
import type { Node, Setting } from '@dossier/protocol/node.ts';
import { wordsOf } from '@dossier/protocol/node-key.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { hasFollowers } from '@dossier/feed/followers.ts';
import { countWaiting } from '@dossier/feed/sites.ts';
import { listLinksAfter } from '@dossier/replication/links.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { limitsOf } from '../session.ts';
import { softwareVersion } from '../software-version.ts';
import type { ApiNode } from '../wire.ts';

const tags = ['Node'];
/** A slave that didn't ask for so long follows no more. */
const followerDays = 30;

type Dependencies = Pick<ApiNode, 'configuration' | 'loaded' | 'database' | 'nodeKey' | 'nodeUuid'>;

export function nodeRoutes(deps: Dependencies): Route[] {
  return [
    {
      method: 'get',
      path: '/node/',
      limited: 'all',
      access: 'viewer',
      operation: { tags, summary: 'Which node this is, and what it is to others', responses: answers({ '200': nodeSchema }) },
      async handle(request, response) {
        const node = await describeNode(deps);
        // There is no replication for who is limited to some watch lists.
        response.json(limitsOf(request) === null ? node : { ...node, installed_apps: [] });
      },
    },
    {
      method: 'get',
      path: '/settings/',
      access: 'admin',
      operation: {
        tags,
        summary: 'The configuration that the node runs with',
        description: 'Secrets are masked. Synchronization tokens have a fingerprint, which is equal on nodes that have the same token.',
        responses: answers({ '200': settingsSchema }),
      },
      handle(_request, response) {
        response.json(listSettings(deps));
      },
    },
  ];
}

async function describeNode({ configuration, database, nodeKey, nodeUuid }: Dependencies): Promise<Node> {
  const links = await listLinksAfter(database, 0, 1);
  return {
    uuid: nodeUuid,
    name: configuration.nodeName,
    key: nodeKey?.id ?? null,
    words: nodeKey && (await wordsOf(nodeKey.id)),
    version: softwareVersion,
    master: await hasFollowers(database, followerDays),
    slave: links.length > 0,
    sites_waiting: await countWaiting(database),
    installed_apps: [...configuration.installedApps],
    external_address: configuration.externalAddress,
    sync_time: configuration.syncTime,
    time_zone: configuration.timeZone,
    bin_days: configuration.binDays,
    now: new Date().toISOString(),
  };
}

function listSettings({ configuration, loaded }: Dependencies): Setting[] {
  const tokens: Record<string, string | null> = {
    SYNC_TOKEN: configuration.syncToken,
    SYNC_TOKEN_PREVIOUS: configuration.syncTokenPrevious,
  };
  return loaded.settings.map((setting) => {
    const token = tokens[setting.key] ?? null;
    return { ...setting, source: loaded.sources[setting.key], fingerprint: token === null ? null : deriveSigningKey(token).id };
  });
}
