import type { z } from 'zod';
import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import type { Link, Run } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import type { RunMode } from '@dossier/domain/run.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import type { Client } from './client.ts';

const path = 'sync/dossier-lists/';
const runs = pageOf(runSchema);

interface Page<Item> {
  results: Item[];
  next_page: string | null;
}

/** Every page of a collection. `path` ends with a slash. */
export async function allOf<Item>(client: Client, collection: string, item: z.ZodType<Item>): Promise<Item[]> {
  const page = pageOf(item);
  const items: Item[] = [];
  let cursor: string | null = '';
  do {
    const answer: Page<Item> = await client.get(
      `${collection}?limit=1000${cursor === '' ? '' : `&page=${encodeURIComponent(cursor)}`}`,
      page,
    );
    items.push(...answer.results);
    cursor = answer.next_page;
  } while (cursor !== null);
  return items;
}

export async function allLinks(client: Client): Promise<Link[]> {
  return allOf(client, path, linkSchema);
}

export async function linkOf(client: Client, slaveList: number): Promise<Link> {
  return client.get(`${path}${slaveList}/`, linkSchema);
}

export async function createLink(
  client: Client,
  body: { remote_url: string; remote_dossier_list: number; slave_dossier_list: number },
): Promise<Link> {
  return client.post(path, body, linkSchema);
}

export async function correctLink(
  client: Client,
  slaveList: number,
  correction: { remote_url?: string; remote_dossier_list?: number },
): Promise<Link> {
  return client.patch(`${path}${slaveList}/`, correction, linkSchema);
}

export async function cancelLink(client: Client, slaveList: number, purge: boolean): Promise<void> {
  await client.delete(`${path}${slaveList}/${purge ? '?purge=true' : ''}`);
}

export async function startRun(client: Client, slaveList: number, mode: RunMode): Promise<Run> {
  return client.post(`${path}${slaveList}/sync/`, { mode }, runSchema);
}

/** The newest runs of a link, newest first. */
export async function newestRuns(client: Client, slaveList: number, limit = 20): Promise<Run[]> {
  return (await client.get(`${path}${slaveList}/runs/?limit=${limit}`, runs)).results;
}

/** The lists that were named, or those of all links. Throws ExitError 1 when there is no link at all. */
export async function chosenLists(client: Client, named: readonly number[]): Promise<number[]> {
  if (named.length > 0) return [...new Set(named)];
  const all = (await allLinks(client)).map((link) => link.slave_dossier_list);
  if (all.length > 0) return all;
  throw new ExitError(1, 'This node replicates no watch list.', {
    remedy: 'Link one with "dossier link REMOTE_URL REMOTE_LIST SLAVE_LIST".',
  });
}
