import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
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

test('a dossier is given its last day in the form, and marked when it is over', async () => {
  const list = await node.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'Visitors' }]);
  await node.makeDossier([list.id], { name: 'Expired Ed', valid_until: '2025-12-31' });
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, node.url);
  await page.goto(`${node.url}/ui/dossiers`);
  await page.getByRole('row', { name: /Expired Ed expired, was valid until 31 Dec 2025/ }).waitFor();

  await page.getByRole('button', { name: 'New dossier' }).click();
  const form = page.getByRole('dialog', { name: 'New dossier' });
  await form.getByLabel('Name').fill('Ada until spring');
  await form.getByLabel('Valid from').fill('2100-04-30');
  await form.getByLabel('Valid until').fill('2100-01-31');
  await form.getByRole('button', { name: /Save|Make|Create/ }).click();
  await form.getByText('2100-01-31 is before valid_from (2100-04-30)').first().waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await form.getByLabel('Valid from').fill('2026-01-01');
  await form.getByRole('button', { name: /Save|Make|Create/ }).click();

  const drawer = page.getByRole('dialog', { name: 'Ada until spring' });
  await drawer.getByText('valid until 31 Jan 2100').waitFor();
  await drawer.getByRole('button', { name: 'Edit' }).click();
  const edit = page.getByRole('dialog', { name: 'Edit “Ada until spring”' });
  expect(await edit.getByLabel('Valid until').inputValue()).toBe('2100-01-31');
  await edit.getByLabel('Valid from').fill('2100-01-01');
  await edit.getByRole('button', { name: /Save|Make|Create/ }).click();
  await drawer.getByText('not valid before 1 Jan 2100').waitFor();
  await page.goto(`${node.url}/ui/dossiers`);
  await page.getByRole('row', { name: /Ada until spring not valid before 1 Jan 2100/ }).waitFor();
  await page.getByLabel('Validity').selectOption('Valid today');
  await page.getByText('Nothing fits').waitFor();
  expect(faults).toEqual([]);
  await close();
});
