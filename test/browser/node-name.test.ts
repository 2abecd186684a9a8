import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

const name = 'Tor Süd';

let browser: Browser;
let node: NodeProcess;
let strict: NodeProcess;

beforeAll(async () => {
  const create = (environment: Record<string, string>): Promise<NodeProcess> =>
    NodeProcess.create('named', { topology: { workers: 'in the same process' }, environment: { NODE_NAME: name, ...environment } });
  [browser, node, strict] = await Promise.all([
    startBrowser(),
    create({ INSTALLED_APPS: 'ffsecurity_sync' }),
    create({ SECOND_FACTOR: 'required' }),
  ]);
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([node?.remove(), strict?.remove()]);
});

const titled = (page: Page, title: string): Promise<void> => expect.poll(() => page.title(), { timeout: 20_000 }).toBe(title);

test('every page says on its tab of which node it is, also before somebody has signed in', async () => {
  const { page, close } = await openWindow(browser);
  await page.goto(`${node.url}/ui/`);
  await titled(page, `Sign in · ${name}`);
  await page.getByRole('main').getByText(name, { exact: true }).waitFor();
  await signIn(page, node.url);
  await page.getByRole('banner').getByText(name, { exact: true }).waitFor();
  const navigation = page.getByRole('navigation', { name: 'Pages' });
  await navigation.getByRole('link', { name: 'Sites' }).waitFor();
  const labels = await navigation.locator('a[href^="/ui"]').allInnerTexts();
  expect(labels.length).toBeGreaterThan(8);
  for (const label of labels) {
    await navigation.getByRole('link', { name: label, exact: true }).click();
    await titled(page, `${label} · ${name}`);
  }
  const list = await node.makeList('Wanted');
  const dossier = await node.makeDossier([list], { name: 'Anna Lindqvist' });
  await page.goto(`${node.url}/ui/dossiers/${dossier}/card`);
  await titled(page, `Card: Anna Lindqvist · ${name}`);
  await page.getByText(`Node: ${name}`).waitFor();
  await close();
});

test('so does the page on which a second factor has to be set up first', async () => {
  const { page, close } = await openWindow(browser);
  await page.goto(`${strict.url}/ui/`);
  await page.locator('input[name=name]').fill('admin');
  await page.locator('input[name=password]').fill('correct-horse-battery');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  const heading = page.getByRole('heading', { name: /second factor/i, level: 1 });
  await heading.waitFor();
  await titled(page, `${await heading.innerText()} · ${name}`);
  await page.getByRole('main').getByText(name, { exact: true }).waitFor();
  await close();
});
