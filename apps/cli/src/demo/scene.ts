import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { linkSchema } from '@dossier/protocol/sync.ts';
import type { Link } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import type { Client } from '../client.ts';
import { runCommand } from './node-process.ts';
import type { DemoNode } from './node-process.ts';
import { openSlowLine } from './slow-line.ts';
import type { SlowLine } from './slow-line.ts';

/** A list of the master besides the sample, and its replica. */
interface Extra {
  readonly name: string;
  readonly color: string;
  readonly people: number;
  readonly prefix: string;
}

const harbour: Extra = { name: 'Harbour visitors', color: '#1c7ed6', people: 180, prefix: 'harbour' };
const fleet: Extra = { name: 'Crew of the fleet', color: '#e8590c', people: 1500, prefix: 'fleet' };
const failing = 'Link that fails on purpose';
const missingList = 999_999;
/** The dossiers come at once and the photos take minutes, so that whoever looks sees them being counted. */
const line = { fastBytes: 900_000, bytesPerSecond: 5000 };
const waitMs = 20_000;
const pollMs = 150;

/** Both nodes of the demo, and how to draw the files of a list. */
export interface SceneNodes {
  readonly master: DemoNode;
  readonly slave: DemoNode;
  readonly atMaster: Client;
  readonly atSlave: Client;
  readonly draw: (folder: string, extra: { people: number; prefix: string }) => Promise<{ file: string; photos: string }>;
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * Fills the overview with what an operator meets: a second list that is synced, one whose link fails (its remedy is shown), and one that is in
 * the middle of a sync over a slow line, which the caller closes.
 */
export async function setScene(nodes: SceneNodes): Promise<SlowLine> {
  const { master, atSlave } = nodes;
  const slowLine = await openSlowLine(Number(new URL(master.url).port), line);
  try {
    const remotes = [await fill(nodes, harbour), await fill(nodes, fleet)];
    await link(nodes, { name: `${harbour.name} (copy)`, color: harbour.color, remoteUrl: master.url, remote: remotes[0]?.id ?? 0 });
    const broken = await link(nodes, { name: failing, color: '#868e96', remoteUrl: master.url, remote: missingList });
    const slow = await link(nodes, {
      name: `${fleet.name} (copy)`,
      color: fleet.color,
      remoteUrl: slowLine.url,
      remote: remotes[1]?.id ?? 0,
    });
    await until(atSlave, broken, ({ state }) => state === 'failed');
    await until(atSlave, slow, ({ progress }) => (progress?.photos_done ?? 0) > 0);
    return slowLine;
  } catch (error) {
    slowLine.close();
    throw error;
  }
}

async function findList(client: Client, name: string): Promise<WatchList | undefined> {
  const page = await client.get('dossier-lists/?limit=1000', pageOf(watchListSchema));
  return page.results.find((list) => list.name === name);
}

async function fill({ atMaster, master, draw, folder }: SceneNodes, extra: Extra): Promise<WatchList> {
  const existing = await findList(atMaster, extra.name);
  if (existing && existing.dossier_count >= extra.people) return existing;
  const list = existing ?? (await atMaster.post('dossier-lists/', { name: extra.name, color: extra.color }, watchListSchema));
  const { file, photos } = await draw(join(folder, extra.prefix), extra);
  await runCommand(master, ['import', String(list.id), file, '--photos', photos, '--json']);
  return list;
}

/** Links anew, so that each demo shows the first sync; what an earlier one replicated goes. */
async function link(
  { atSlave, signal }: SceneNodes,
  wanted: { name: string; color: string; remoteUrl: string; remote: number },
): Promise<WatchList> {
  const { name, color, remoteUrl, remote } = wanted;
  const list = (await findList(atSlave, name)) ?? (await atSlave.post('dossier-lists/', { name, color }, watchListSchema));
  if (list.replica !== null) {
    await atSlave.delete(`sync/dossier-lists/${list.id}/?purge=true`);
    while ((await atSlave.get(`dossier-lists/${list.id}/`, watchListSchema)).replica !== null) await delay(pollMs, undefined, { signal });
  }
  const body = { remote_dossier_list: remote, remote_url: remoteUrl, slave_dossier_list: list.id };
  await atSlave.post('sync/dossier-lists/', body, linkSchema);
  return list;
}

/** Waits for what the overview is to show, though not for ever: nothing depends on it. */
async function until(client: Client, list: WatchList, holds: (link: Link) => boolean): Promise<void> {
  for (const deadline = performance.now() + waitMs; performance.now() < deadline;) {
    if (holds(await client.get(`sync/dossier-lists/${list.id}/`, linkSchema))) return;
    await delay(pollMs);
  }
}
