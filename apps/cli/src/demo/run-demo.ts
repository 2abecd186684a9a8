import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import { createLogger } from '@dossier/runtime/logger.ts';
import { deleteEmbeddedDatabase } from '@dossier/postgres/embedded.ts';
import { createClient } from '../client.ts';
import type { Client } from '../client.ts';
import type { Context } from '../context.ts';
import { exitCodeOfRun, followRun } from '../follow-run.ts';
import { interruption } from '../interruption.ts';
import { bar, note, print, progressLine } from '../output.ts';
import { credentialsBox } from './credentials.ts';
import { sampleDeclaration } from './declaration.ts';
import { findFreePort, runCommand, runScript, startNode, stopNode, waitUntilReady } from './node-process.ts';
import type { DemoNode } from './node-process.ts';
import type { Sample } from './sample.ts';
import { setScene } from './scene.ts';
import type { SceneNodes } from './scene.ts';
import { readSettings, saveSettings } from './settings.ts';
import type { DemoSettings } from './settings.ts';
import type { SlowLine } from './slow-line.ts';

export interface DemoOptions {
  /** End after the report. */
  exit: boolean;
  /** Forget the data of an earlier demo. */
  fresh: boolean;
  /** People to generate. */
  dossiers: number;
}

const settingsFile = 'settings.json';
const firstPort = 8000;
const pollMs = 150;
const masterList = 'Sample watch list';
const slaveList = 'Replica of the sample watch list';
const nodeNames = ['master', 'slave'] as const;

/** A master and a slave on this machine, from nothing to a verified replica. Sets the exit code. */
export async function runDemo(context: Context, options: DemoOptions): Promise<void> {
  const folder = join(context.workingDirectory, 'data', 'demo');
  if (options.fresh) await forget(folder);
  for (const name of nodeNames) await mkdir(join(folder, name), { recursive: true });
  const settings = await readSettings(join(folder, settingsFile));
  const lines: SlowLine[] = [];
  const nodes: DemoNode[] = [];
  const { signal } = interruption();
  const interrupted = once(signal, 'abort').then(() => null);
  try {
    const verified = await Promise.race([show({ context, options, folder, settings, nodes, lines, signal }), interrupted]);
    process.exitCode = verified === true || (verified === null && !options.exit) ? 0 : 1;
    if (verified !== null && !options.exit) await interrupted;
  } finally {
    for (const line of lines) line.close();
    await Promise.all(nodes.map(stopNode));
  }
  // What was interrupted half-way would keep the process waiting for nodes that are gone.
  if (signal.aborted) process.exit();
}

async function forget(folder: string): Promise<void> {
  const logger = createLogger({ level: 'warn', name: 'demo', pretty: false });
  for (const name of nodeNames) {
    await mkdir(join(folder, name), { recursive: true });
    await deleteEmbeddedDatabase({ dataDir: join(folder, name), logger });
  }
  await rm(folder, { recursive: true, force: true });
}

interface Stage {
  context: Context;
  options: DemoOptions;
  folder: string;
  settings: DemoSettings;
  /** Filled while it goes, so that they are stopped however it ends. */
  nodes: DemoNode[];
  lines: SlowLine[];
  signal: AbortSignal;
}

/** True if the replica was verified. */
async function show({ context, options, folder, settings, nodes, lines, signal }: Stage): Promise<boolean> {
  const begun = performance.now();
  print('Starting a master and a slave, each on a PostgreSQL of its own …');
  let port = firstPort;
  for (const name of nodeNames) {
    port = await findFreePort(port);
    signal.throwIfAborted();
    nodes.push(await startNode({ name, folder: join(folder, name), port, environment: environmentOf(context, settings) }));
    // The node that was just started may not listen yet.
    port += 1;
  }
  const [master, slave] = nodes as [DemoNode, DemoNode];
  const draw = (target: string, { people, prefix }: { people: number; prefix: string }) => makeSample(master, target, { people, prefix });
  const sample = draw(join(folder, 'sample'), { people: options.dossiers, prefix: 'demo' });
  const kept = { ...settings, urls: { master: master.url, slave: slave.url } };
  await saveSettings(join(folder, settingsFile), kept);
  await Promise.all([sample, ...nodes.map(waitUntilReady)]);
  print(`Both are up after ${seconds(begun)} s.`);

  const [atMaster, atSlave] = [createClient(master.url, settings.adminToken), createClient(slave.url, settings.adminToken)];
  const importBegun = performance.now();
  const remote = await fillMaster(atMaster, master, await sample);
  print(`The master holds "${remote.name}": ${remote.dossier_count} dossiers (imported in ${seconds(importBegun)} s).`);

  const syncBegun = performance.now();
  const local = await replicate(atSlave, { remote, masterUrl: master.url });
  const syncSeconds = seconds(syncBegun);
  const verified = await verify(atSlave, local);
  print('');
  print(`replicated  ${local.dossier_count} of ${remote.dossier_count} dossiers, ${(await sample).portraits} photos, in ${syncSeconds} s`);
  print(`verified    ${verified ? 'yes: the digest of the replica equals the master’s' : 'NO: the replica differs from the master'}`);
  print(`all of it   ${seconds(begun)} s`);
  if (!options.exit) await populate({ master, slave, atMaster, atSlave, draw, folder, signal }, lines);
  print('');
  print(credentialsBox(kept, `The nodes are up${options.exit ? '.' : '; Ctrl-C ends them.'}`));
  return verified;
}

/** Shows more than one list; the demo goes on without. */
async function populate(nodes: SceneNodes, lines: SlowLine[]): Promise<void> {
  try {
    lines.push(await setScene(nodes));
    print('also there  a second list that is synced, a link that fails on purpose, and one in the middle of a sync over a slow line');
  } catch (error) {
    if (!nodes.signal.aborted) note(`The further lists could not be made: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const drawSample = fileURLToPath(new URL('draw-sample.ts', import.meta.url));

async function makeSample({ environment, folder }: DemoNode, target: string, of: { people: number; prefix: string }): Promise<Sample> {
  const output = await runScript([drawSample, target, String(of.people), of.prefix], {
    title: 'The drawing of the sample',
    environment,
    folder,
  });
  return JSON.parse(output) as Sample;
}

function environmentOf(context: Context, settings: DemoSettings): NodeJS.ProcessEnv {
  const inherited = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'NODE_EXTRA_CA_CERTS'];
  return {
    ...Object.fromEntries(inherited.map((name) => [name, context.environment[name]])),
    SYNC_TOKEN: settings.syncToken,
    EXTERNAL_ADDRESS: 'http://dossiers.example',
    INSTALLED_APPS: 'ffsecurity_sync',
    ADMIN_PASSWORD: settings.password,
    ADMIN_TOKEN: settings.adminToken,
    LOG_LEVEL: 'info',
  };
}

/** The sample watch list on the master; imported now unless an earlier demo did. */
async function fillMaster(client: Client, node: DemoNode, sample: { file: string; photos: string; people: number }): Promise<WatchList> {
  const existing = await findList(client, masterList);
  if (existing && existing.dossier_count >= sample.people) return existing;
  const list = existing ?? (await client.post('dossier-lists/', { name: masterList, ...sampleDeclaration }, watchListSchema));
  await runCommand(node, ['import', String(list.id), sample.file, '--photos', sample.photos, '--json']);
  const made = await findList(client, masterList);
  if (!made) throw new ExitError(1, 'The import left no watch list.');
  return made;
}

async function findList(client: Client, name: string): Promise<WatchList | undefined> {
  const page = await client.get('dossier-lists/?limit=1000', pageOf(watchListSchema));
  return page.results.find((list) => list.name === name);
}

/** Links the slave's list, unless it is linked already, and waits until it is synced. */
async function replicate(atSlave: Client, from: { remote: WatchList; masterUrl: string }): Promise<WatchList> {
  const existing = await findList(atSlave, slaveList);
  const local = existing ?? (await atSlave.post('dossier-lists/', { name: slaveList }, watchListSchema));
  const link = existing?.replica
    ? await relink(atSlave, existing, from.masterUrl)
    : await atSlave.post('sync/dossier-lists/', linkBody(from, local), linkSchema);
  const progress = progressLine();
  for (let current = link; ;) {
    if (current.state === 'synced') break;
    if (current.state === 'failed' && current.error?.next_attempt == null) {
      throw new ExitError(1, `The sync failed: ${current.error?.desc ?? 'no reason given'}`);
    }
    progress.update(describe(current));
    await delay(pollMs);
    current = await atSlave.get(`sync/dossier-lists/${local.id}/`, linkSchema);
  }
  progress.end();
  return atSlave.get(`dossier-lists/${local.id}/`, watchListSchema);
}

function linkBody(from: { remote: WatchList; masterUrl: string }, local: WatchList) {
  return { remote_dossier_list: from.remote.id, remote_url: from.masterUrl, slave_dossier_list: local.id };
}

/** An earlier demo's link: synced again, unless the master has another port this time; then linked anew. */
async function relink(client: Client, local: WatchList, masterUrl: string): Promise<z.infer<typeof linkSchema>> {
  const path = `sync/dossier-lists/${local.id}/`;
  if (local.replica?.remote_url.replace(/\/$/, '') === masterUrl) {
    const run = await client.post(`${path}sync/`, {}, runSchema);
    await followRun(client, run, () => undefined);
    return client.get(path, linkSchema);
  }
  const remoteList = local.replica?.remote_dossier_list ?? 0;
  await client.delete(path);
  while ((await client.get(`dossier-lists/${local.id}/`, watchListSchema)).replica !== null) await delay(pollMs);
  const body = { remote_dossier_list: remoteList, remote_url: masterUrl, slave_dossier_list: local.id };
  return client.post('sync/dossier-lists/', body, linkSchema);
}

function describe({ state, progress }: z.infer<typeof linkSchema>): string {
  if (!progress) return `sync: ${state}`;
  if (progress.phase === 'photos' && progress.photos_total) {
    return `sync: photos   ${bar(progress.photos_done / progress.photos_total)} ${progress.photos_done} of ${progress.photos_total}`;
  }
  if (!progress.total) return `sync: ${progress.phase}`;
  return `sync: ${progress.phase.padEnd(8)} ${bar(progress.done / progress.total)} ${progress.done} of ${progress.total}`;
}

async function verify(client: Client, local: WatchList): Promise<boolean> {
  const run = await client.post(`sync/dossier-lists/${local.id}/sync/`, { mode: 'verify' }, runSchema);
  return exitCodeOfRun(await followRun(client, run, () => undefined)) === 0;
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
