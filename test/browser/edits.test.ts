import { drawPortrait } from '@dossier/cli/demo/portrait.ts';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';
import { addPhoto } from '../kit/photo.ts';

/* A person at the desk: who changed a dossier before, and that no edit is lost, neither another one's nor one's own. */

let browser: Browser;
let master: NodeProcess;
let slave: NodeProcess;

beforeAll(async () => {
  const environment = { INSTALLED_APPS: 'ffsecurity_sync' };
  const create = (name: string): Promise<NodeProcess> =>
    NodeProcess.create(name, { topology: { workers: 'in the same process' }, environment });
  [browser, master, slave] = await Promise.all([startBrowser(), create('master'), create('slave')]);
  await master.call('POST', '/users/', { name: 'night-desk', role: 'operator', password });
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([master?.remove(), slave?.remove()]);
});

const password = 'correct-horse-battery';

const historyOf = (page: Page): Locator => page.getByRole('region', { name: 'History' });
const edit = (page: Page): Locator => page.getByRole('dialog', { name: /^Edit “/ });

/** The page of the dossiers with this one open. */
async function openDossier(page: Page, node: NodeProcess, id: number): Promise<void> {
  await page.goto(`${node.url}/ui/dossiers?open=${id}`);
  await page.getByRole('button', { name: 'Edit' }).waitFor();
}

test('the drawer tells who changed what, from what to what, with photos', async () => {
  const list = await master.makeList('Watched');
  const id = await master.makeDossier([list], { name: 'Anna Told', meta: { plate: 'AB 123' } });
  await addPhoto(master, id, await drawPortrait(3));
  await master.call('PATCH', `/dossiers/${id}/`, { comment: 'Seen at the gate', meta: { plate: 'CD 456', car: 'red' } });
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, master.url);
  await openDossier(page, master, id);
  const history = historyOf(page);
  const deed = (text: string): Locator => history.getByRole('listitem').filter({ hasText: text });
  const changed = deed('Seen at the gate');
  await changed.waitFor();
  expect(await changed.innerText()).toMatch(/admin changed it[\s\S]*API · from 127\.0\.0\.1/);
  expect(await changed.innerText()).toMatch(/Comment\s+before:\s*empty\s*→\s*after:\s*Seen at the gate/);
  expect(await changed.innerText()).toMatch(/plate\s+before:\s*AB 123\s*→\s*after:\s*CD 456/);
  const photo = history.getByRole('img', { name: 'Photo' });
  await expect.poll(() => photo.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth)).toBeGreaterThan(0);
  await deed('admin made it').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  expect(faults).toEqual([]);
  await close();
});

test('on a slave the drawer tells which sync brought what, and the sync tells of each dossier', async () => {
  const remote = await master.makeList('Copied');
  const id = await master.makeDossier([remote], { name: 'Boris Copied', comment: 'old words' });
  const local = await slave.makeList('Copied');
  await slave.link(master.url, remote, local);
  await slave.linkIn(local, 'synced');
  await master.call('PATCH', `/dossiers/${id}/`, { comment: 'new words' });
  const run = await slave.sync(local);
  const [copy] = await slave.dossiers(local);
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, slave.url);
  await page.goto(`${slave.url}/ui/dossiers?open=${copy?.id}`);
  const entry = historyOf(page)
    .getByRole('listitem')
    .filter({ hasText: `Sync ${run.id} changed it` });
  await entry.waitFor();
  expect(await entry.innerText()).toMatch(/old words[\s\S]*new words/);

  await page.goto(`${slave.url}/ui/replication/${local}`);
  await page.getByRole('button', { name: 'What it changed' }).first().click();
  const told = page.getByRole('dialog', { name: `What sync ${run.id} changed` });
  await told.getByText('new words').waitFor();
  await told.getByRole('link', { name: 'Boris Copied' }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  expect(faults).toEqual([]);
  await close();
});

test('a held sync shows from what to what each dossier would be changed', async () => {
  const remote = await master.makeList('Guarded');
  const ids = [];
  for (const name of ['Carla Held', 'Dora Held']) ids.push(await master.makeDossier([remote], { name, comment: 'calm' }));
  const local = await slave.makeList('Guarded');
  await slave.link(master.url, remote, local);
  await slave.linkIn(local, 'synced');
  await slave.call('PATCH', `/sync/dossier-lists/${local}/`, { guards: { changes: { count: 0, percent: 0 } } });
  await master.call('PATCH', `/dossiers/${ids[0]}/`, { comment: 'violent' });
  await addPhoto(master, ids[0] ?? 0, await drawPortrait(3));
  await slave.sync(local);
  await slave.linkIn(local, 'held');
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, slave.url);
  await page.goto(`${slave.url}/ui/replication/${local}`);
  await page.getByRole('button', { name: 'Changed', exact: true }).click();
  const person = page.getByRole('alert').getByRole('listitem').filter({ hasText: 'Carla Held' });
  await person.waitFor();
  expect(await person.innerText()).toMatch(/calm[\s\S]*violent/);
  const photo = person.getByRole('img', { name: 'Photo' });
  await expect.poll(() => photo.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth)).toBeGreaterThan(0);
  expect(await findBarriers(page)).toEqual([]);
  expect(faults).toEqual([]);
  await close();
});

test('two people who change a dossier at once overwrite nothing: the second one sees both versions and chooses field by field', async () => {
  const list = await master.makeList('Contested');
  const id = await master.makeDossier([list], { name: 'Contested Carl', comment: 'first', meta: { plate: 'A' } });
  const { page, faults, close } = await openWindow(browser);
  const other = await openWindow(browser);
  await signIn(page, master.url);
  await signIn(other.page, master.url, { name: 'night-desk', password });
  for (const each of [page, other.page]) {
    await openDossier(each, master, id);
    await each.getByRole('button', { name: 'Edit' }).click();
  }
  await edit(other.page).getByLabel('Comment').fill('of the night desk');
  await edit(other.page).getByLabel('External id').fill('N-1');
  await edit(other.page).getByRole('button', { name: 'Save' }).click();
  await other.page.getByText('“Contested Carl” is changed.').waitFor();

  await edit(page).getByLabel('Comment').fill('mine');
  await edit(page).getByLabel('Value').fill('B');
  await edit(page).getByRole('button', { name: 'Save' }).click();
  const alert = edit(page).getByRole('alert');
  await alert.getByText(/Changed by night-desk .*(second|now)/).waitFor();
  expect((await master.dossiers(list))[0]).toMatchObject({ comment: 'of the night desk', meta: { plate: 'A' } });
  const field = (name: string): Locator => edit(page).getByRole('radiogroup', { name });
  const save = edit(page).getByRole('button', { name: 'Save' });
  // What only one of them changed needs no decision, and can be decided.
  expect(
    await field('External id')
      .getByLabel(/Saved version: N-1/)
      .isChecked(),
  ).toBe(true);
  expect(
    await field('plate')
      .getByLabel(/Your version: B/)
      .isChecked(),
  ).toBe(true);
  expect(await save.isDisabled()).toBe(true);
  expect(await findBarriers(page)).toEqual([]);
  await field('Comment')
    .getByLabel(/Saved version: of the night desk/)
    .waitFor();
  await field('Comment')
    .getByLabel(/Your version: mine/)
    .check();
  await save.click();
  await page.getByText('“Contested Carl” is changed.').waitFor();
  expect((await master.dossiers(list))[0]).toMatchObject({ comment: 'mine', external_id: 'N-1', meta: { plate: 'B' } });
  expect([...faults, ...other.faults]).toEqual([]);
  await Promise.all([close(), other.close()]);
});

test('so do two who change a watch list', async () => {
  const list = await master.makeList('Contested list');
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, master.url);
  await page.goto(`${master.url}/ui/watch-lists`);
  await page.getByRole('button', { name: 'What to do with Contested list' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await edit(page).getByLabel('Comment').fill('mine');
  await master.call('PATCH', `/dossier-lists/${list}/`, { comment: 'theirs' });
  await edit(page).getByRole('button', { name: 'Save' }).click();
  await edit(page)
    .getByRole('alert')
    .getByText(/Changed by admin/)
    .waitFor();
  await edit(page)
    .getByRole('radiogroup', { name: 'Comment' })
    .getByLabel(/Saved version: theirs/)
    .check();
  await edit(page).getByRole('button', { name: 'Save' }).click();
  await edit(page).waitFor({ state: 'detached' });
  expect((await master.call('GET', `/dossier-lists/${list}/`)).json).toMatchObject({ comment: 'theirs' });
  expect(faults).toEqual([]);
  await close();
});

test('what was written survives Escape, a reload, and signing out in another tab', async () => {
  const list = await master.makeList('Drafted');
  const id = await master.makeDossier([list], { name: 'Drafted Dora' });
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, master.url);
  await openDossier(page, master, id);
  const comment = edit(page).getByLabel('Comment');
  await page.getByRole('button', { name: 'Edit' }).click();
  await comment.fill('half a thought');
  await page.keyboard.press('Escape');
  await edit(page).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Edit' }).click();
  expect(await comment.inputValue()).toBe('half a thought');
  await edit(page)
    .getByText(/What you wrote is still here/)
    .waitFor();

  await comment.fill('half a thought, and more');
  await page.reload();
  await edit(page).waitFor();
  expect(await comment.inputValue()).toBe('half a thought, and more');

  const tab = await page.context().newPage();
  await tab.goto(`${master.url}/ui/`);
  await tab.getByRole('button', { name: /Account: admin/ }).click();
  await tab.getByRole('button', { name: 'Sign out' }).click();
  await tab.locator('input[name=password]').waitFor();
  // The page may have noticed by itself: that somebody signed out is among what was written.
  const save = edit(page).getByRole('button', { name: 'Save' });
  await save.click({ timeout: 5000 }).catch(() => undefined);
  await page.locator('input[name=name]').fill('admin');
  await page.locator('input[name=password]').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await edit(page).waitFor();
  expect(await comment.inputValue()).toBe('half a thought, and more');
  expect(await findBarriers(page)).toEqual([]);
  await edit(page).getByRole('button', { name: 'Save' }).click();
  await page.getByText('“Drafted Dora” is changed.').waitFor();
  expect((await master.dossiers(list))[0]).toMatchObject({ comment: 'half a thought, and more' });
  await page.getByRole('button', { name: 'Edit' }).click();
  expect(
    await edit(page)
      .getByText(/What you wrote is still here/)
      .count(),
  ).toBe(0);
  await page.keyboard.press('Escape');

  await page.goto(`${master.url}/ui/dossiers`);
  await page.getByRole('button', { name: 'New dossier' }).click();
  const fresh = page.getByRole('dialog', { name: 'New dossier' });
  await fresh.getByLabel('Name').fill('Nearly lost');
  await page.reload();
  await fresh.waitFor();
  expect(await fresh.getByLabel('Name').inputValue()).toBe('Nearly lost');
  await fresh.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'New dossier' }).click();
  expect(await fresh.getByLabel('Name').inputValue()).toBe('');
  expect(faults).toEqual([]);
  await close();
});
