import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { openWindow, signIn, startBrowser } from '../kit/browser.ts';
import type { Visitor } from '../kit/browser.ts';
import { keyboardOf, mouseOf } from '../kit/hand.ts';
import type { Hand } from '../kit/hand.ts';
import { NodeProcess } from '../kit/node-process.ts';

const people = 3000;
const environment = { INSTALLED_APPS: 'ffsecurity_sync' };

let browser: Browser;
let master: NodeProcess;
let slave: NodeProcess;

beforeAll(async () => {
  const create = (name: string): Promise<NodeProcess> =>
    NodeProcess.create(name, { topology: { workers: 'in the same process' }, environment });
  [browser, master, slave] = await Promise.all([startBrowser(), create('master'), create('slave')]);
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([master?.remove(), slave?.remove()]);
});

async function fill(list: number, prefix: string): Promise<void> {
  const person = (index: number): string => JSON.stringify({ external_id: `${prefix}-${index}`, name: `${prefix} person ${index}` });
  await master.import(
    list,
    Array.from({ length: people }, (_, index) => person(index)),
  );
}

interface Story {
  readonly visitor: Visitor;
  readonly hand: Hand;
  readonly name: string;
  readonly list: number;
}

/** From the empty overview to a list that is equal, by the dialog in three steps. */
async function enable({ visitor: { page }, hand, name }: Story): Promise<void> {
  await hand.press(page.getByRole('link', { name: 'Replicate a list' }));
  await hand.write(page.getByLabel('Address of the master'), master.url);
  await hand.press(page.getByRole('button', { name: 'Test the connection' }));
  await hand.tick(page.getByRole('checkbox', { name }));
  await hand.press(page.getByRole('dialog').getByRole('button', { name: 'Next' }));
  await page.getByText(`The list will hold the master’s ${people.toLocaleString('en')} dossiers.`).waitFor();
  await hand.press(page.getByRole('button', { name: 'Replicate', exact: true }));
  await page.getByRole('heading', { name, level: 1 }).waitFor();
  // Back leads to where the dialog was opened from, not into it.
  await page.goBack();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await page.goForward();
  await page.getByText(/Equal to the master as of \d\d:\d\d/).waitFor({ timeout: 60_000 });
  await page
    .getByText(`${people.toLocaleString('en')} dossiers`)
    .first()
    .waitFor();
}

/** What is changed on the master arrives with the next sync, without the page being loaded again. */
async function followChange({ visitor: { page }, hand, name, list }: Story): Promise<void> {
  await master.makeDossier([list], { name: `${name} newcomer`, external_id: `${name}-new` });
  await hand.press(page.getByRole('button', { name: 'Sync now' }));
  const newest = page.getByRole('table', { name: 'History' }).getByRole('row').nth(1);
  await newest.getByRole('cell', { name: 'On request: admin', exact: true }).waitFor();
  await newest.getByRole('cell', { name: '1', exact: true }).waitFor();
  await page
    .getByText(`${(people + 1).toLocaleString('en')} dossiers`)
    .first()
    .waitFor();
}

/** A master that is away is told of, with what is safe and what comes next. */
async function loseMaster({ visitor: { page }, hand }: Story): Promise<void> {
  await master.stop();
  await hand.press(page.getByRole('button', { name: 'Sync now' }));
  const alert = page.getByRole('alert').filter({ hasText: 'MASTER_UNREACHABLE' });
  await alert.waitFor({ timeout: 60_000 });
  const text = await alert.innerText();
  expect(text).toMatch(/What to do:/);
  expect(text).toMatch(/keeps serving the .* dossiers that it had, equal to the master as of \d\d:\d\d/);
  expect(text).toMatch(/What happens next: failed \d+ times?.*tried again/);
  expect(await page.getByText(/Last known equal to the master as of/).count()).toBeGreaterThan(0);
}

/** Only now can a dossier be deleted here, with the notice that it comes back. */
async function deleteOffline({ visitor: { page }, hand, name }: Story): Promise<void> {
  await hand.press(page.getByRole('link', { name: 'Dossiers of this list' }));
  await hand.write(page.getByLabel('External id'), `${name}-7`);
  await hand.press(page.getByRole('link', { name: `${name} person 7`, exact: true }));
  const drawer = page.getByRole('dialog', { name: `${name} person 7` });
  await drawer.getByText('it comes back with the next sync').waitFor();
  expect(await drawer.getByRole('button', { name: 'Edit' }).count()).toBe(0);
  await hand.press(drawer.getByRole('button', { name: 'Delete dossier' }));
  await hand.press(page.getByRole('dialog', { name: /^Delete “/ }).getByRole('button', { name: 'Delete', exact: true }));
  await page.getByText(/is deleted here/).waitFor();
  await hand.press(page.getByRole('link', { name: 'Offline deletions' }));
  await page.getByRole('row', { name: new RegExp(`${name} person 7.*Waits for the next sync`) }).waitFor();
}

/** When the master is back, the next sync brings the dossier back and says so. */
async function settle({ visitor: { page }, hand, name }: Story): Promise<void> {
  await master.start();
  await hand.press(page.getByRole('link', { name: 'Replication', exact: true }));
  await hand.press(page.getByRole('table').getByRole('link', { name }));
  await hand.press(page.getByRole('button', { name: /Sync now/ }));
  await page.getByText(/Equal to the master as of/).waitFor({ timeout: 60_000 });
  await hand.press(page.getByRole('link', { name: 'Offline deletions' }));
  await page.getByRole('row', { name: new RegExp(`${name} person 7.*Came back`) }).waitFor();
}

/** The replication ends, the dossiers stay. */
async function cancel({ visitor: { page }, hand, name }: Story): Promise<void> {
  await hand.press(page.getByRole('link', { name: 'Replication', exact: true }));
  await hand.press(page.getByRole('table').getByRole('link', { name }));
  await hand.pick(
    page.getByRole('button', { name: `What to do with ${name}` }),
    page.getByRole('menuitem', { name: 'Cancel replication…' }),
  );
  await hand.press(page.getByRole('dialog').getByRole('button', { name: 'Cancel replication' }));
  await page.getByRole('heading', { name: 'This list is not replicated' }).waitFor();
  const { results } = await slave.want(200, pageOf(watchListSchema), ['GET', '/dossier-lists/?limit=1000']);
  const list = results.find((each) => each.name === name);
  expect(list).toMatchObject({ replica: null, dossier_count: people + 1 });
}

async function tell(handOf: (page: Visitor['page']) => Hand, name: string): Promise<void> {
  const list = await master.makeList(name);
  await fill(list, name);
  const visitor = await openWindow(browser);
  const story: Story = { visitor, hand: handOf(visitor.page), name, list };
  try {
    await signIn(visitor.page, slave.url);
    await enable(story);
    await followChange(story);
    await loseMaster(story);
    await deleteOffline(story);
    await settle(story);
    await cancel(story);
    expect(visitor.faults).toEqual([]);
    expect([...visitor.origins]).toEqual([slave.url]);
  } catch (error) {
    throw new Error(`${String(error)}\n${await visitor.page.locator('body').innerText()}`, { cause: error });
  } finally {
    await visitor.close();
  }
}

test('a list is linked, followed, cut off, mended and cancelled in the browser, and nothing is asked of anybody else', async () => {
  await tell(mouseOf, 'Watched');
});

test('the same by keyboard alone', async () => {
  await tell(keyboardOf, 'Guarded');
});
