import { randomUUID } from 'node:crypto';
import { query } from '@dossier/postgres/database.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import type { Visitor } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

/* What the first page says of a node that nobody uses yet, and of a master: who reads its lists, and whether each has what it should have. */

let browser: Browser;
let node: NodeProcess;
let visitor: Visitor;

beforeAll(async () => {
  const environment = { INSTALLED_APPS: 'ffsecurity_sync' };
  [browser, node] = await Promise.all([
    startBrowser(),
    NodeProcess.create('master', { topology: { workers: 'in the same process' }, environment }),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await node?.remove();
});
beforeEach(async () => {
  visitor = await openWindow(browser);
  await signIn(visitor.page, node.url);
});
afterEach(async () => {
  expect(visitor.faults).toEqual([]);
  await visitor.close();
});

/** As a slave would be noted that asked so many hours ago for a list that it held up to a revision. */
async function seen(
  address: string,
  { list, hours, lacking, slave }: { list: number; hours: number; lacking: number; slave?: string },
): Promise<string> {
  const uuid = slave ?? randomUUID();
  await query(
    node.test.database,
    `insert into followers (node, list_id, address, version, epoch, revision, last_seen)
     select :uuid, list_id, :address, '0.1.0', epoch, revision - :lacking, now() - make_interval(hours => :hours) from list_positions where list_id = :list`,
    { uuid, address, list, hours, lacking },
  );
  return uuid;
}

const sites = (page: Page) => page.getByRole('table', { name: 'Sites that replicate from here' });

test('a new node asks what it is for, and leads there', async () => {
  const { page } = visitor;
  await page.getByRole('heading', { name: 'This node is new' }).waitFor();
  await page.getByRole('link', { name: 'Make a watch list' }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await page.getByRole('link', { name: 'Replicate a list' }).click();
  await page.getByRole('dialog', { name: 'Replicate a list of a master' }).waitFor();
});

test('a node whose lists nobody replicates says how that is done, with its address', async () => {
  await node.makeList('Wanted');
  const { page } = visitor;
  await page.getByRole('heading', { name: 'Nobody replicates these lists yet' }).waitFor();
  await page.getByText(node.url, { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Wanted' }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
});

test("a master's first page names its sites, what is wrong with each and since when, the worst first", async () => {
  const list = await node.makeList('Barred');
  for (const name of ['One', 'Two', 'Three']) await node.makeDossier([list], { name });
  const other = await node.makeList('Visitors');
  await seen('10.0.0.1', { list, hours: 1, lacking: 0 });
  const gate = await seen('10.0.0.2', { list, hours: 1, lacking: 0 });
  await seen('10.0.0.2', { list: other, hours: 300, lacking: 0, slave: gate });
  await seen('10.0.0.3', { list, hours: 50, lacking: 0 });
  const { page } = visitor;
  await page.getByText('1 site has not asked for more than 26 hours. It still has what it had. See that it is up').waitFor();
  await page.getByText('1 site no longer asks for one of its lists.').waitFor();
  const rows = sites(page).getByRole('row');
  expect(await rows.evaluateAll((found) => found.slice(1).map((row) => /10\.0\.0\.\d/.exec(row.textContent ?? '')?.[0]))).toEqual([
    '10.0.0.3',
    '10.0.0.2',
    '10.0.0.1',
  ]);
  await rows.nth(1).getByText('Silent').first().waitFor();
  await rows
    .nth(1)
    .getByText(/^since /)
    .waitFor();
  await rows.nth(3).getByText('Had everything when it last asked').waitFor();
  expect(await findBarriers(page)).toEqual([]);
});

test('a site that asks and takes nothing is told from one that waits for its next sync', async () => {
  const list = await node.makeList('Stuck');
  await node.makeDossier([list], { name: 'Old change' });
  await query(node.test.database, `update followers set last_seen = now() where true`);
  await seen('10.0.1.1', { list, hours: 1, lacking: 1 });
  const { page } = visitor;
  const row = sites(page).getByRole('row', { name: /10\.0\.1\.1/ });
  await row.getByText('Waits for its next sync').first().waitFor();
  await row.getByText('1 change behind the master').waitFor();
  await query(node.test.database, `update followers set behind_since = now() - interval '3 days' where address = '10.0.1.1'`);
  await page.reload();
  await page.getByText('1 site asks, but has not taken changes that are more than 26 hours old.').waitFor();
  await row.getByText('Does not take changes').first().waitFor();
});
