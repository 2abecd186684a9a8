import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

let browser: Browser;
let node: NodeProcess;

beforeAll(async () => {
  [browser, node] = await Promise.all([startBrowser(), NodeProcess.create('plain', { topology: { workers: 'in the same process' } })]);
});

afterAll(async () => {
  await browser?.close();
  await node?.remove();
});

test('a person is found while one types, with the match marked, and rows of the search before never stand under the new one', async () => {
  const list = await node.makeList('Found');
  await node.makeDossier([list], { name: 'Мохаммед Петров', comment: 'drives a red lorry' });
  await node.makeDossier([list], { name: 'Thomas Müller' });
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, node.url);
  await page.goto(`${node.url}/ui/dossiers`);
  await page.getByRole('row', { name: /Müller/ }).waitFor();
  const box = page.getByLabel('Search', { exact: true });
  await box.pressSequentially('muham');
  await page.getByText('1 dossier found').waitFor();
  await page.getByRole('row', { name: /Мохаммед Петров/ }).waitFor();
  expect(await page.locator('mark').allInnerTexts()).toEqual(['Мохаммед']);
  expect(new URL(page.url()).searchParams.get('q')).toContain('muham');
  expect(await findBarriers(page)).toEqual([]);

  // An answer that comes late: until it is there, nobody stands under the new search.
  const release = Promise.withResolvers<void>();
  await page.route(/q=lorry/, async (route) => {
    await release.promise;
    await route.continue();
  });
  await box.fill('lorry');
  await page.getByRole('status', { name: 'Loading' }).waitFor();
  expect(await page.getByRole('row', { name: /Мохаммед/ }).count()).toBe(0);
  await box.fill('mueller');
  await page.getByRole('row', { name: /Müller/ }).waitFor();
  release.resolve();
  await page.getByText('1 dossier found').waitFor();
  expect(await page.locator('mark').allInnerTexts()).toEqual(['Müller']);

  await box.fill('lorry');
  await page.getByRole('row', { name: /Comment: drives a red lorry/ }).waitFor();
  await box.fill('zzgrubbl');
  await page.getByText('Nothing fits').waitFor();
  await page.goBack();
  await page.goForward();
  expect(faults).toEqual([]);
  await close();
});
