import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWindow, signIn, startBrowser } from '../kit/browser.ts';
import type { Visitor } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

/* What narrows a page is in its address: a reload, a way back and a copied address show the same. */

let browser: Browser;
let node: NodeProcess;
let visitor: Visitor;

beforeAll(async () => {
  const environment = { INSTALLED_APPS: 'ffsecurity_sync' };
  [browser, node] = await Promise.all([
    startBrowser(),
    NodeProcess.create('addresses', { topology: { workers: 'in the same process' }, environment }),
  ]);
  const list = await node.makeList('Kept');
  const other = await node.makeList('Other');
  await node.import(list, ['{"name":"Imported Ida"}']);
  for (const name of ['Deleted Dora', 'Deleted Egon']) {
    const id = await node.makeDossier([name === 'Deleted Dora' ? list : other], { name });
    await node.call('DELETE', `/dossiers/${id}/`);
  }
  for (let number = 1; number <= 20; number += 1) await node.makeList(`Gate ${number}`);
  for (let number = 1; number <= 20; number += 1) {
    await node.call('POST', '/users/', { name: `desk-${number}`, role: 'viewer', password: 'correct-horse-battery' });
  }
  visitor = await openWindow(browser);
  await signIn(visitor.page, node.url);
});
afterAll(async () => {
  await visitor?.close();
  await browser?.close();
  await node?.remove();
});

interface Narrowed {
  readonly path: string;
  readonly narrow: (page: Page) => Promise<unknown>;
  /** Is shown, with what is filtered for, only while the page is narrowed. */
  readonly shows: (page: Page) => Promise<unknown>;
}

const pages: readonly Narrowed[] = [
  {
    path: 'audit',
    async narrow(page) {
      await page.getByLabel('What').selectOption('made a watch list');
      await page.getByLabel('From').fill('2026-01-15');
      await page.getByRole('searchbox', { name: 'Who' }).fill('admin');
      // What is typed is in the address once the person pauses.
      await page.waitForURL(/actor=admin/);
    },
    async shows(page) {
      await expect.poll(() => page.getByLabel('From').inputValue()).toBe('2026-01-15');
      await expect.poll(() => page.getByRole('searchbox', { name: 'Who' }).inputValue()).toBe('admin');
      await page.getByRole('cell', { name: 'made a watch list' }).first().waitFor();
      await page.getByRole('cell', { name: 'deleted a dossier' }).waitFor({ state: 'detached' });
    },
  },
  {
    path: 'bin',
    async narrow(page) {
      await page.getByRole('searchbox', { name: 'Find in the bin' }).fill('Dora');
    },
    async shows(page) {
      await expect.poll(() => page.getByRole('searchbox', { name: 'Find in the bin' }).inputValue()).toBe('Dora');
      await page.getByText('Deleted Dora').waitFor();
      await page.getByText('Deleted Egon').waitFor({ state: 'detached' });
    },
  },
  {
    path: 'imports',
    async narrow(page) {
      await page.getByRole('combobox', { name: 'Into' }).fill('Other');
      await page.getByRole('option', { name: 'Other' }).click();
    },
    async shows(page) {
      await expect.poll(() => page.getByRole('combobox', { name: 'Into' }).inputValue()).toBe('Other');
      await page.getByRole('table').waitFor({ state: 'detached' });
    },
  },
  {
    path: 'offline-deletions',
    narrow: (page) => page.getByText('Settled', { exact: true }).click(),
    shows: (page) => expect.poll(() => page.getByRole('radio', { name: 'Settled' }).isChecked()).toBe(true),
  },
  ...(['users', 'watch-lists'] as const).map((path): Narrowed => {
    const wanted = path === 'users' ? 'desk-17' : 'Gate 17';
    return {
      path,
      narrow: (page) => page.getByRole('searchbox', { name: 'Find' }).fill(wanted),
      async shows(page) {
        await expect.poll(() => page.getByRole('searchbox', { name: 'Find' }).inputValue()).toBe(wanted);
        await expect.poll(() => page.getByRole('row').count()).toBe(2);
      },
    };
  }),
];

test.each(pages)('of the page $path', async ({ path, narrow, shows }) => {
  const { page } = visitor;
  await page.goto(`${node.url}/ui/${path}`);
  await narrow(page);
  await shows(page);
  await page.reload();
  await shows(page);
  const address = page.url();

  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  await page.goBack();
  await shows(page);

  await page.goto(`${node.url}/ui/settings`);
  await page.goto(address);
  await shows(page);
  expect(visitor.faults).toEqual([]);
});

test('an external id of digits is one also where it was typed into the address', async () => {
  const list = await node.makeList('By number');
  await node.makeDossier([list], { name: 'Numbered Nina', external_id: '4711' });
  await node.makeDossier([list], { name: 'Other Otto', external_id: '4712' });
  const { page } = visitor;
  await page.goto(`${node.url}/ui/dossiers?list=${list}&external=4711`);
  await page.getByRole('row', { name: /Numbered Nina/ }).waitFor();
  expect(await page.getByRole('row').count()).toBe(2);
});

test('an address that says nonsense shows the page, unnarrowed', async () => {
  const { page } = visitor;
  for (const path of ['audit?since=soon&action=flew&via=7', 'bin?list=x&deletion=-4', 'imports?list=none', 'offline-deletions?show=some']) {
    await page.goto(`${node.url}/ui/${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await page.getByText('This page failed').count()).toBe(0);
  }
  expect(visitor.faults).toEqual([]);
});
