import { sampleDeclaration } from '@dossier/cli/demo/declaration.ts';
import { generatePeople } from '@dossier/cli/demo/people.ts';
import { drawPortrait } from '@dossier/cli/demo/portrait.ts';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import type { Link } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import type { TestDatabase } from './database.ts';
import { freePort } from './free-port.ts';
import { NodeProcess } from './node-process.ts';
import { addOfferedKey, addSites } from './sample-sites.ts';
import type { SampleSites } from './sample-sites.ts';

const portraits = 24;
const authorization = 'Token the-token-of-the-tests';

/** Who may sign in on both nodes, beside the administrator. */
export const viewer = { name: 'viewer', password: 'correct-horse-battery' };

/** A master and a slave on which every page of the web interface has something to show. */
export interface SampleSite {
  readonly master: NodeProcess;
  readonly slave: NodeProcess;
  /** Watch lists of the slave, by the state that they are left in. */
  readonly lists: { synced: number; held: number; failed: number; own: number };
  /** A dossier with a photo, on each. */
  readonly dossiers: { master: number; slave: number };
  /** Sites of the master. */
  readonly sites: SampleSites;
  remove(): Promise<void>;
}

/** Starts two nodes on databases of their own and gives them a past: synced, changed, held, failed, deleted while the master was away. */
export async function openSampleSite(makeDatabase: () => Promise<TestDatabase>): Promise<SampleSite> {
  const create = async (name: string): Promise<NodeProcess> =>
    NodeProcess.create(name, {
      topology: { workers: 'in the same process' },
      environment: { INSTALLED_APPS: 'ffsecurity_sync', SYNC_TOKEN_PREVIOUS: 'the-token-before-this-one' },
      test: await makeDatabase(),
    });
  const master = await create('master');
  const slave = await create('slave');
  try {
    await addPeople(master);
    await addPeople(slave);
    const own = await listOf(slave, { name: 'Regular visitors', color: '#2f9e44', count: 40, seed: 4 });
    const synced = await replicate(master, slave, { name: 'Wanted persons', color: '#c92a2a', count: 400, seed: 1 });
    await expectStatus(master, 200, ['PATCH', `/dossier-lists/${synced.remote}/`, sampleDeclaration]);
    await addPortraits(master, synced.remote);
    await limit(master, synced.remote);
    await change(master, synced.remote);
    await slave.sync(synced.local);
    await deleteOffline(master, slave, synced.local);
    const failed = await loseList(master, slave);
    const held = await holdList(master, slave);
    // The pages tell of what came last: the list that is well was verified last.
    await slave.sync(synced.local, 'verify');
    const lists = { synced: synced.local, held, failed, own };
    const dossiers = { master: await pictured(master, synced.remote), slave: await pictured(slave, synced.local) };
    const sites = await addSites(master, synced.remote);
    await addOfferedKey(slave);
    return { master, slave, lists, dossiers, sites, remove: () => removeAll([master, slave]) };
  } catch (error) {
    await removeAll([master, slave]);
    throw error;
  }
}

async function removeAll(nodes: readonly NodeProcess[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.remove()));
}

/** Users of each role, a token, a webhook that nobody answers, and a sign-in that was refused. */
async function addPeople(node: NodeProcess): Promise<void> {
  const made = (path: string, body: unknown): Promise<unknown> => expectStatus(node, 201, ['POST', path, body]);
  await made('/users/', { ...viewer, role: 'viewer' });
  await made('/users/', { name: 'night-desk', role: 'operator', password: viewer.password });
  await made('/users/', { name: 'left-in-spring', role: 'operator', password: viewer.password, active: false });
  await made('/tokens/', { label: 'badge printer', expires_in_days: 30 });
  const webhook = (await made('/webhooks/', { url: `http://127.0.0.1:${await freePort()}/alarms/security-desk` })) as { id: number };
  await node.call('POST', `/webhooks/${webhook.id}/test/`);
  await node.call('POST', '/auth/login/', { name: 'admin', password: 'a guess' });
}

interface NewList {
  name: string;
  color: string;
  count: number;
  seed: number;
}

async function listOf(node: NodeProcess, { name, color, count, seed }: NewList): Promise<number> {
  const { id } = (await expectStatus(node, 201, ['POST', '/dossier-lists/', { name, color }])) as { id: number };
  const lines = generatePeople(count, name.slice(0, 3).toUpperCase(), seed).map(({ photo: _photo, ...person }) => JSON.stringify(person));
  const answer = await fetch(`${node.url}/dossier-lists/${id}/import/`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  });
  if (!answer.ok) throw new Error(`the import answered ${answer.status}: ${await answer.text()}`);
  return id;
}

async function replicate(master: NodeProcess, slave: NodeProcess, list: NewList): Promise<{ remote: number; local: number }> {
  const remote = await listOf(master, list);
  const { id: local } = (await expectStatus(slave, 201, ['POST', '/dossier-lists/', { name: list.name, color: list.color }])) as {
    id: number;
  };
  await slave.link(master.url, remote, local);
  await slave.linkIn(local, 'synced');
  return { remote, local };
}

/** The first by name have a photo. */
async function addPortraits(master: NodeProcess, list: number): Promise<void> {
  const query = `dossier_lists=${list}&ordering=name&limit=${portraits}`;
  const dossiers = (await master.want(200, pageOf(dossierSchema), ['GET', `/dossiers/?${query}`])).results;
  for (const [number, { id }] of dossiers.entries()) {
    const form = new FormData();
    form.append('dossier', String(id));
    form.append('source_photo', new File([new Uint8Array(await drawPortrait(number))], 'portrait.jpg', { type: 'image/jpeg' }));
    const answer = await fetch(`${master.url}/dossier-faces/`, { method: 'POST', headers: { authorization }, body: form });
    if (!answer.ok) throw new Error(`the photo was answered with ${answer.status}: ${await answer.text()}`);
  }
}

/** The first two are valid no longer, and not yet. */
async function limit(master: NodeProcess, list: number): Promise<void> {
  const [first, second] = await master.dossiers(list);
  await master.call('PATCH', `/dossiers/${first?.id}/`, { valid_from: '2024-01-01', valid_until: '2025-12-31' });
  await master.call('PATCH', `/dossiers/${second?.id}/`, { valid_from: '2100-01-01' });
}

/** Some are changed, some come, some go: less than a guard asks about. */
async function change(master: NodeProcess, list: number): Promise<void> {
  const dossiers = await master.dossiers(list);
  for (const { id } of dossiers.slice(100, 112)) await master.call('PATCH', `/dossiers/${id}/`, { comment: 'Seen at the north gate.' });
  for (const { id } of dossiers.slice(200, 203)) await master.call('DELETE', `/dossiers/${id}/`);
  for (const name of ['Nora Lindqvist', 'Пётр Соколов']) await master.makeDossier([list], { name });
}

/** While the master is away a dossier is deleted here; it comes back with the next sync, and a second one waits. */
async function deleteOffline(master: NodeProcess, slave: NodeProcess, list: number): Promise<void> {
  for (const index of [20, 21]) {
    const [dossier] = (await slave.dossiers(list)).slice(index);
    await master.stop();
    await slave.call('POST', `/sync/dossier-lists/${list}/sync/`, { mode: 'auto' });
    await slave.until('without its master', async () => ((await linkOf(slave, list)).error?.code ?? '') === 'MASTER_UNREACHABLE');
    await expectStatus(slave, 204, ['DELETE', `/dossiers/${dossier?.id}/`]);
    await master.start();
    if (index === 20) await slave.sync(list);
  }
}

async function linkOf(slave: NodeProcess, list: number): Promise<Link> {
  return (await slave.call('GET', `/sync/dossier-lists/${list}/`)).json as Link;
}

/** A list that is deleted on the master: no further attempt helps, a dead letter tells of it. */
async function loseList(master: NodeProcess, slave: NodeProcess): Promise<number> {
  const { remote, local } = await replicate(master, slave, { name: 'Lost and stolen passes', color: '#e67700', count: 60, seed: 2 });
  await expectStatus(master, 204, ['POST', `/dossier-lists/${remote}/purge/`, {}]);
  await expectStatus(master, 204, ['DELETE', `/dossier-lists/${remote}/`]);
  await slave.sync(local);
  await slave.linkIn(local, 'failed');
  return local;
}

/** A list that has lost most of its dossiers on the master: a guard waits for a person. */
async function holdList(master: NodeProcess, slave: NodeProcess): Promise<number> {
  const { remote, local } = await replicate(master, slave, { name: 'Barred from the harbour', color: '#5f3dc4', count: 90, seed: 3 });
  const dossiers = await master.dossiers(remote);
  for (const { id } of dossiers.slice(0, 70)) await master.call('DELETE', `/dossiers/${id}/`);
  await slave.sync(local);
  await slave.linkIn(local, 'held');
  return local;
}

async function pictured(node: NodeProcess, list: number): Promise<number> {
  const found = (await node.dossiers(list)).find((dossier) => dossier.face_count > 0);
  if (!found) throw new Error(`${node.name} has no dossier with a photo`);
  return found.id;
}

async function expectStatus(node: NodeProcess, status: number, request: [method: string, path: string, body?: unknown]): Promise<unknown> {
  const answer = await node.call(...request);
  if (answer.status !== status) {
    throw new Error(`${node.name}: ${request[0]} ${request[1]} answered ${answer.status}: ${JSON.stringify(answer.json)}`);
  }
  return answer.json;
}
