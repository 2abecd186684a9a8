import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { linkSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

const gates = 205;
const environment = { INSTALLED_APPS: 'ffsecurity_sync' };

let browser: Browser;
let master: NodeProcess;
let slave: NodeProcess;

beforeAll(async () => {
  const create = (name: string): Promise<NodeProcess> =>
    NodeProcess.create(name, { topology: { workers: 'in the same process' }, environment });
  [browser, master, slave] = await Promise.all([startBrowser(), create('master'), create('slave')]);
  for (let number = 1; number <= gates; number += 1) await master.makeList(`Gate ${number}`);
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([master?.remove(), slave?.remove()]);
});

async function visit(what: (page: Page) => Promise<void>): Promise<void> {
  const { page, faults, close } = await openWindow(browser);
  try {
    await signIn(page, slave.url);
    await what(page);
    expect(faults).toEqual([]);
  } catch (error) {
    throw new Error(`${String(error)}\n${await page.locator('body').innerText()}`, { cause: error });
  } finally {
    await close();
  }
}

const links = async () => (await slave.want(200, pageOf(linkSchema), ['GET', '/sync/dossier-lists/?limit=1000'])).results;
const ownLists = async () => (await slave.want(200, pageOf(watchListSchema), ['GET', '/dossier-lists/?limit=1000'])).results;

async function chooseOfMaster(page: Page): Promise<void> {
  await page.goto(`${slave.url}/ui/replication?enable=true`);
  await page.getByLabel('Address of the master').fill(master.url);
  await page.getByRole('button', { name: 'Test the connection' }).click();
  await page.getByLabel('Find a list').waitFor();
}

test('lists of a master that are found by a word are linked in one go; those that could not be are named, and tried again', async () => {
  // Of this name one is here already, empty: it is taken. Another one that holds somebody isn't.
  const empty = await slave.makeList('Gate 200');
  const full = await slave.makeList('Gate 201');
  await slave.makeDossier([full], { name: 'Own' });
  await visit(async (page) => {
    await chooseOfMaster(page);
    expect(await page.getByRole('checkbox').count()).toBeLessThanOrEqual(30);
    expect((await page.getByRole('dialog').boundingBox())?.height).toBeLessThan(800);
    await page.getByLabel('Find a list').fill('gate 20');
    await page.getByRole('button', { name: 'Choose all 8 that are found' }).click();
    await page.getByText('8 lists chosen').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Next' }).click();
    await page.getByRole('row', { name: /Gate 200 The empty list of this name/ }).waitFor();
    await page.getByRole('row', { name: /Gate 201 A new list/ }).waitFor();
    let refused = 0;
    await page.route('**/sync/dossier-lists/', async (route) => {
      const body = route.request().postDataJSON() as { slave_dossier_list?: number } | null;
      if (route.request().method() !== 'POST' || body?.slave_dossier_list !== empty || refused > 0) return route.continue();
      refused += 1;
      return route.abort();
    });
    await page.getByRole('button', { name: 'Replicate 8 lists' }).click();
    await page.getByText('7 of 8 lists are linked. 1 list could not be linked.').waitFor();
    await page.getByRole('row', { name: /Gate 200 .*The node does not answer/ }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Try 1 again' }).click();
    await page.getByText('8 of 8 lists are linked.').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page.getByText('8 lists are linked; their first syncs begin.').waitFor();
    await page
      .getByRole('table', { name: 'Replicas' })
      .or(page.getByRole('table'))
      .first()
      .getByRole('link', { name: 'Gate 203' })
      .waitFor();
  });
  expect(await links()).toHaveLength(8);
  expect((await links()).some(({ slave_dossier_list: list }) => list === empty)).toBe(true);
  const own = await ownLists();
  expect(own.filter(({ replica }) => replica === null).map(({ id, dossier_count: count }) => [id, count])).toEqual([[full, 1]]);
  expect(own).toHaveLength(9);
});

test(
  'all of hundreds of lists are linked and synced by one button each, and no page is as long as they are many',
  { timeout: 900_000 },
  async () => {
    await visit(async (page) => {
      await chooseOfMaster(page);
      await page.getByRole('button', { name: `Choose all ${gates - 8} that are found` }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Next' }).click();
      await page.getByRole('button', { name: `Replicate ${gates - 8} lists` }).click();
      await page.getByText(`${gates - 8} of ${gates - 8} lists are linked.`).waitFor({ timeout: 300_000 });
      await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
      await page.getByText(`50 of ${gates} are shown.`).waitFor();
      await page.getByRole('button', { name: 'Sync all' }).click();
      await page.getByText(`The syncs of ${gates} lists are asked for.`).waitFor({ timeout: 300_000 });
      expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThan(6000);
      await page.getByRole('searchbox', { name: 'Find' }).fill('gate 177');
      await page.getByRole('row', { name: /Gate 177/ }).waitFor();
      expect(await findBarriers(page)).toEqual([]);
      await page.goto(`${slave.url}/ui/watch-lists`);
      await page.getByText(`50 of ${gates + 1} are shown.`).waitFor();
      expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThan(6000);
      expect(await findBarriers(page)).toEqual([]);
    });
    expect(await links()).toHaveLength(gates);
    const isSynced = async () => (await links()).every(({ state, verified_at: verified }) => state === 'synced' && verified !== null);
    await slave.until('synced with all lists', isSynced, 300_000);
    // A sync that is asked for while the first one is under way is that one.
    for (const { slave_dossier_list: list } of await links()) {
      const runs = await slave.runs(list);
      const isDone = runs.length > 0 && runs.every(({ state, requested_by: by }) => /^(synced|unchanged)$/.test(state) && by === 'admin');
      expect([list, isDone]).toEqual([list, true]);
    }
  },
);
