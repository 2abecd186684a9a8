import { linkSchema } from '@dossier/protocol/sync.ts';
import type { Link } from '@dossier/protocol/sync.ts';
import type { NodeApi } from './node-api.ts';

/** Links a list, by default a new one, to one of a master, waits for its first sync for at most half a minute, and gives the link then. */
export async function linkNow(slave: NodeApi, master: { url: string }, remote: number, into?: number): Promise<Link> {
  const local = into ?? (await slave.makeList());
  const body = { remote_url: master.url, remote_dossier_list: remote, slave_dossier_list: local };
  await slave.call('POST', '/sync/dossier-lists/', { body, headers: { prefer: 'wait=30' } });
  return slave.want(200, linkSchema, ['GET', `/sync/dossier-lists/${local}/`]);
}
