import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

/* Lines of the trial that no other test shows (docs/testing.md has them all). */

let browser: Browser;
let node: NodeProcess;

beforeAll(async () => {
  [browser, node] = await Promise.all([startBrowser(), NodeProcess.create('trial', { topology: { workers: 'in the same process' } })]);
});
afterAll(async () => {
  await browser?.close();
  await node?.remove();
});

test('a session is ended by its button: that browser is signed out, this one goes on', async () => {
  const person = { name: 'desk', password: 'correct-horse-battery' };
  expect((await node.call('POST', '/users/', { ...person, role: 'viewer' })).status).toBe(201);
  const elsewhere = await openWindow(browser);
  await signIn(elsewhere.page, node.url, person);
  const here = await openWindow(browser);
  await signIn(here.page, node.url, person);
  await here.page.goto(`${node.url}/ui/account`);
  const rows = here.page.getByRole('table', { name: 'Where you are signed in' }).getByRole('row');
  await expect.poll(() => rows.count()).toBe(3);
  // This session has no such button.
  expect(await here.page.getByRole('button', { name: 'End this session' }).count()).toBe(1);
  await here.page.getByRole('button', { name: 'End this session' }).click();
  await expect.poll(() => rows.count()).toBe(2);
  await elsewhere.page.goto(`${node.url}/ui/watch-lists`);
  await elsewhere.page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  await here.page.goto(`${node.url}/ui/watch-lists`);
  await here.page.getByRole('heading', { level: 1, name: 'Watch lists' }).waitFor();
  await elsewhere.close();
  await here.close();
});

test('a list has changed no earlier than what was imported into it', async () => {
  const list = await node.makeList('Imported into');
  const made = await node.want(200, watchListSchema, ['GET', `/dossier-lists/${list}/`]);
  await node.import(list, ['{"name":"Ida"}']);
  const after = await node.want(200, watchListSchema, ['GET', `/dossier-lists/${list}/`]);
  const imported = (await node.dossiers(list))[0]?.modified_date ?? '';
  expect(after.content_date > made.content_date).toBe(true);
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, node.url);
  await page.goto(`${node.url}/ui/watch-lists`);
  const changed = await page
    .getByRole('row', { name: /Imported into/ })
    .locator('time')
    .last()
    .getAttribute('datetime');
  expect((changed ?? '') >= imported).toBe(true);
  expect(faults).toEqual([]);
  await close();
});
