import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { NodeProcess } from './node-process.ts';

const environment = { INSTALLED_APPS: 'ffsecurity_sync' };
const viewer = { name: 'watcher', password: 'a-password-for-looking' };
const people = 120;
const names = ['Ada Winter', 'Bruno Oduya', 'Chiara Lindqvist', 'Dmitri Varga', 'Elin Okafor', 'Farid Novak', 'Greta Silva', 'Hugo Tanaka'];

/** A page as visitors see it. */
export interface View {
  readonly name: string;
  /** Below /ui. */
  readonly path: string;
  /** Resolves when the page shows what it is about. */
  readonly shown: (page: Page) => Promise<void>;
  /** Who may see it, where that isn't everybody. */
  readonly role?: 'admin';
}

/** A master and a slave with something of everything: lists that are equal, failed and held, letters, deletions, users. */
export interface Sites {
  readonly master: NodeProcess;
  readonly slave: NodeProcess;
  readonly viewer: { name: string; password: string };
  views(site: 'master' | 'slave'): readonly View[];
  remove(): Promise<void>;
}

async function addPhoto(node: NodeProcess, dossier: number, hue: number): Promise<void> {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="320"><rect width="320" height="320" fill="hsl(${hue} 40% 85%)"/><circle cx="160" cy="130" r="62" fill="hsl(${hue} 35% 45%)"/><ellipse cx="160" cy="300" rx="110" ry="100" fill="hsl(${(hue + 140) % 360} 35% 40%)"/></svg>`;
  const form = new FormData();
  form.append('dossier', String(dossier));
  form.append('source_photo', new Blob([new Uint8Array(await sharp(Buffer.from(head)).jpeg().toBuffer())]), 'portrait.jpg');
  const answer = await fetch(`${node.url}/dossier-faces/`, {
    method: 'POST',
    headers: { authorization: 'Token the-token-of-the-tests' },
    body: form,
  });
  if (!answer.ok) throw new Error(`the photo was answered ${answer.status}: ${await answer.text()}`);
}

async function fill(node: NodeProcess, list: number, prefix: string): Promise<number[]> {
  const lines = Array.from({ length: people }, (_, index) =>
    JSON.stringify({
      name: `${names[index % names.length]} ${Math.floor(index / names.length) + 1}`,
      external_id: `${prefix}-${index}`,
      comment: index % 9 === 0 ? 'Lost badge 4711, the old one is blocked.' : '',
      meta: { site: 'North gate', badge: 4700 + index },
      active: index % 11 !== 5,
    }),
  );
  await node.import(list, lines);
  return (await node.dossiers(list)).map(({ id }) => id);
}

async function remove(node: NodeProcess, path: string): Promise<void> {
  const { status, json } = await node.call('DELETE', path);
  if (status !== 204) throw new Error(`DELETE ${path} answered ${status}: ${JSON.stringify(json)}`);
}

/** Makes both nodes and what they show. */
export async function makeSites(): Promise<Sites> {
  const create = (name: string): Promise<NodeProcess> =>
    NodeProcess.create(name, { topology: { workers: 'in the same process' }, environment });
  const [master, slave] = await Promise.all([create('master'), create('slave')]);
  for (const node of [master, slave]) {
    const { status, json } = await node.call('POST', '/users/', { ...viewer, role: 'viewer' });
    if (status !== 201) throw new Error(`the user was answered ${status}: ${JSON.stringify(json)}`);
  }
  const [staff, guests] = [await master.makeList('Former staff'), await master.makeList('Banned visitors')];
  const ids = await fill(master, staff, 'staff');
  const guestIds = await fill(master, guests, 'guest');
  for (const [index, id] of ids.slice(0, 40).entries()) if (index % 4 !== 3) await addPhoto(master, id, (index * 47) % 360);
  const [copy, other, broken] = [
    await slave.makeList('Former staff'),
    await slave.makeList('Banned visitors'),
    await slave.makeList('Ship’s crew'),
  ];
  await slave.link(master.url, staff, copy);
  await slave.link(master.url, guests, other);
  await slave.link(master.url, 4711, broken);
  await slave.linkIn(copy, 'synced');
  await slave.linkIn(other, 'synced');
  await slave.linkIn(broken, 'failed');
  // One list would lose two thirds of its people: that waits for a decision.
  for (const id of guestIds.slice(0, 80)) await remove(master, `/dossiers/${id}/`);
  await slave.call('POST', `/sync/dossier-lists/${other}/sync/`, {});
  await slave.linkIn(other, 'held');
  // The master is away for a moment, in which somebody deletes.
  await master.stop();
  const [gone] = await slave.dossiers(copy);
  await remove(slave, `/dossiers/${gone?.id ?? 0}/`);
  await master.start();
  const person = (await slave.dossiers(copy)).find((dossier) => dossier.has_faces);
  return {
    master,
    slave,
    viewer,
    views: (site) => viewsOf(site, { copy, broken, held: other, person: site === 'master' ? (ids[0] ?? 1) : (person?.id ?? 1) }),
    async remove() {
      await Promise.all([master.remove(), slave.remove()]);
    },
  };
}

/** Which of them a page shows first is up to each node's own ids. */
const anyName = new RegExp(`^(${names.join('|')}) \\d+$`);

function viewsOf(site: 'master' | 'slave', ids: { copy: number; broken: number; held: number; person: number }): View[] {
  const text =
    (words: string | RegExp) =>
    async (page: Page): Promise<void> => {
      await page.locator('#content').getByText(words).first().waitFor();
    };
  const dialog =
    (name: string) =>
    async (page: Page): Promise<void> => {
      await page.getByRole('dialog', { name }).waitFor();
    };
  const common: View[] = [
    { name: 'watch-lists', path: '/watch-lists', shown: text('Former staff') },
    { name: 'dossiers', path: '/dossiers', shown: text(anyName) },
    { name: 'dossiers-photos', path: '/dossiers?view=photos', shown: text(anyName) },
    {
      name: 'dossier',
      path: `/dossiers?open=${ids.person}`,
      async shown(page) {
        await page.getByRole('dialog').getByText('Custom fields').waitFor();
        await page.getByRole('dialog').getByRole('img').first().waitFor();
      },
    },
    { name: 'replication', path: '/replication', shown: text(site === 'master' ? 'Last seen' : 'Ship’s crew') },
    { name: 'dead-letters', path: '/dead-letters', shown: text(site === 'master' ? 'Nothing waits for you' : 'Ship’s crew') },
    {
      name: 'offline-deletions',
      path: '/offline-deletions',
      shown: text(site === 'master' ? 'Nothing was deleted without the master' : 'Waits for the next sync'),
    },
    { name: 'users', path: '/users', shown: text('watcher'), role: 'admin' },
    { name: 'tokens', path: '/tokens', shown: text('this session') },
    { name: 'audit', path: '/audit', shown: (page) => page.getByRole('table').getByText('signed in').first().waitFor(), role: 'admin' },
    { name: 'webhooks', path: '/webhooks', shown: text('Nobody is told yet'), role: 'admin' },
    { name: 'settings', path: '/settings', shown: text('SYNC_TIME'), role: 'admin' },
  ];
  if (site === 'master') return [{ name: 'overview', path: '/', shown: text('Former staff') }, ...common];
  return [
    { name: 'overview', path: '/', shown: text(/Equal to the master as of/) },
    ...common,
    { name: 'link', path: `/replication/${ids.copy}`, shown: text('Took') },
    { name: 'link-failed', path: `/replication/${ids.broken}`, shown: text('What to do:') },
    { name: 'link-held', path: `/replication/${ids.held}`, shown: text('Ada Winter 1') },
    { name: 'enable', path: '/replication?enable=true', shown: dialog('Replicate a list of a master'), role: 'admin' },
  ];
}
