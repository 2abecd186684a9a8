import { linkSchema } from '@dossier/protocol/sync.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWindow, signIn, startBrowser } from '../kit/browser.ts';
import type { Visitor } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

/* A person in front of the page of a link: what is held, and all that can become of it, seen without loading the page again. */

const people = 120;
const environment = { INSTALLED_APPS: 'ffsecurity_sync' };

let browser: Browser;
let master: NodeProcess;
let slave: NodeProcess;
let visitor: Visitor;

beforeAll(async () => {
  const create = (name: string): Promise<NodeProcess> =>
    NodeProcess.create(name, { topology: { workers: 'in the same process' }, environment });
  [browser, master, slave] = await Promise.all([startBrowser(), create('master'), create('slave')]);
  visitor = await openWindow(browser);
  await signIn(visitor.page, slave.url);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([master?.remove(), slave?.remove()]);
});

interface Watched {
  readonly name: string;
  readonly remote: number;
  readonly local: number;
}

/** A linked list, whose page is open. */
async function watch(name: string): Promise<Watched> {
  const remote = await master.makeList(name);
  await fill(remote, name);
  const local = await slave.makeList(name);
  await slave.link(master.url, remote, local);
  await slave.linkIn(local, 'synced');
  await visitor.page.goto(`${slave.url}/ui/replication/${local}`);
  await visitor.page.getByText(/Equal to the master as of/).waitFor();
  return { name, remote, local };
}

async function fill(list: number, name: string): Promise<void> {
  const person = (index: number): string => JSON.stringify({ external_id: `${name}-${index}`, name: `${name} ${index}` });
  await master.import(
    list,
    Array.from({ length: people }, (_, index) => person(index)),
  );
}

/** Empties the list on the master and syncs by the page's own button. */
async function emptyOnMaster({ remote }: Watched): Promise<void> {
  expect((await master.call('POST', `/dossier-lists/${remote}/purge/`)).status).toBe(204);
  await visitor.page.getByRole('button', { name: 'Sync now' }).first().click();
}

const card = (page: Page, title: string): Locator => page.getByRole('alert').filter({ hasText: title });
const waiting = ({ name }: Watched): Locator => card(visitor.page, `A sync of “${name}” waits for your decision`);

/** What removes somebody is approved by writing the list's name. */
async function approve({ name }: Watched): Promise<void> {
  await visitor.page.getByRole('alert').getByRole('button', { name: 'Approve…' }).click();
  const dialog = visitor.page.getByRole('dialog');
  await dialog.getByRole('textbox').fill(name);
  await dialog.getByRole('button', { name: 'Approve' }).click();
}

/** Who may not decide isn't told to. */
async function seenByViewer({ name, local }: Watched): Promise<void> {
  const user = { name: 'viewer', password: 'correct-horse-battery' };
  expect((await slave.call('POST', '/users/', { ...user, role: 'viewer' })).status).toBe(201);
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, slave.url, user);
  await page.goto(`${slave.url}/ui/replication/${local}`);
  await card(page, `A sync of “${name}” waits for an administrator’s decision`).waitFor();
  expect(await page.locator('#content').innerText()).not.toContain('your decision');
  expect(faults).toEqual([]);
  await close();
}

const newestRun = (): Locator => visitor.page.getByRole('table', { name: 'History' }).getByRole('row').nth(1);

test('held: says why, who would go and what is safe; approved: applies it', async () => {
  const list = await watch('approved');
  await emptyOnMaster(list);
  await waiting(list).waitFor();
  const text = await waiting(list).innerText();
  expect(text).toContain(`all ${people} dossiers would go`);
  expect(text).toContain('the list keeps serving what it had');
  expect(text).toMatch(/Without a decision the next sync after .* asks again/);
  await waiting(list).getByRole('listitem').filter({ hasText: 'approved-7' }).first().waitFor();
  await seenByViewer(list);
  await newestRun().getByText('Held').waitFor();

  await approve(list);
  await visitor.page.getByText('Approved; the sync applies it.').waitFor();
  await newestRun().getByText('Equal to the master').waitFor();
  await waiting(list).waitFor({ state: 'detached' });
  expect(await slave.linkIn(list.local, 'synced')).toMatchObject({ local_count: 0, held: null });
});

test('rejected: keeps the list, and says who decided', async () => {
  const list = await watch('rejected');
  await emptyOnMaster(list);
  await waiting(list).waitFor();
  await visitor.page.getByRole('alert').getByRole('button', { name: 'Reject…' }).click();
  await visitor.page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
  const rejected = card(visitor.page, 'A sync of “rejected” was rejected');
  await rejected.waitFor();
  await visitor.page.getByText('A sync was rejected: not equal to the master').waitFor();
  expect(await visitor.page.getByText('Held: an administrator decides').count()).toBe(0);
  expect(await rejected.innerText()).not.toContain('Nothing is applied');
  expect(await rejected.innerText()).toContain('Decided by admin.');
  expect(await rejected.getByRole('button', { name: 'Approve…' }).count()).toBe(0);
  expect(await slave.dossiers(list.local)).toHaveLength(people);
});

test('expired: can be approved no more, and is asked anew', async () => {
  const list = await watch('expired');
  await emptyOnMaster(list);
  await waiting(list).waitFor();
  await query(slave.test.database, `update holds set expires_date = now() where slave_list_id = :local`, { local: list.local });
  await visitor.page.reload();
  const expired = card(visitor.page, 'A sync of “expired” waited for a decision too long');
  await expired.waitFor();
  expect(await expired.getByRole('button', { name: 'Approve…' }).count()).toBe(0);
  await expired.getByRole('button', { name: 'Sync now' }).click();
  await waiting(list).waitFor();
});

test('superseded: an approval of what is no more applies nothing, and a mended list asks no more', async () => {
  const list = await watch('superseded');
  await emptyOnMaster(list);
  await waiting(list).waitFor();
  await master.makeDossier([list.remote], { name: 'One is there again' });
  await approve(list);
  await card(visitor.page, 'What was approved is not what would be done now').waitFor();
  expect(await slave.dossiers(list.local)).toHaveLength(people);

  await slave.want(200, linkSchema, ['PATCH', `/sync/dossier-lists/${list.local}/`, { guards: { deletions: null } }]);
  await fill(list.remote, list.name);
  await visitor.page.getByRole('button', { name: 'Sync now' }).first().click();
  await waiting(list).waitFor({ state: 'detached' });
  await newestRun().getByText('Equal to the master').waitFor();
});

test('undone: takes the last sync back, and holds it until somebody says otherwise', async () => {
  const list = await watch('undone');
  await query(master.test.database, `update dossiers set comment = 'wrong' where external_id like 'undone-%'`);
  await visitor.page.getByRole('button', { name: 'Sync now' }).first().click();
  await newestRun()
    .getByRole('cell', { name: String(people), exact: true })
    .first()
    .waitFor();
  await visitor.page.getByRole('button', { name: `What to do with ${list.name}` }).click();
  await visitor.page.getByRole('menuitem', { name: 'Take back the last sync…' }).click();
  await visitor.page.getByRole('dialog').getByRole('button', { name: 'Take it back' }).click();
  await waiting(list).waitFor();
  expect(await waiting(list).innerText()).toContain('(a person took this back)');
  await newestRun().getByText('Taken back').first().waitFor();
  expect((await slave.dossiers(list.local)).every(({ comment }) => comment === '')).toBe(true);
});

test('nothing of it breaks the pages or asks anybody else', () => {
  expect(visitor.faults).toEqual([]);
  expect([...visitor.origins]).toEqual([slave.url]);
});
