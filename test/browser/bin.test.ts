import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

/* Who deletes by mistake takes it back: by the message that tells of it, by keyboard, and later from the bin. */

let browser: Browser;
let node: NodeProcess;

beforeAll(async () => {
  [browser, node] = await Promise.all([startBrowser(), NodeProcess.create('bin', { topology: { workers: 'in the same process' } })]);
  await node.call('POST', '/users/', { name: 'desk', role: 'operator', password });
  await node.call('POST', '/users/', { name: 'reader', role: 'viewer', password });
});
afterAll(async () => {
  await browser?.close();
  await node?.remove();
});

const password = 'correct-horse-battery';
const countOf = async (list: number): Promise<number> =>
  (await node.want(200, watchListSchema, ['GET', `/dossier-lists/${list}/`])).dossier_count;

async function deleteInDrawer(page: Page, id: number): Promise<void> {
  await page.goto(`${node.url}/ui/dossiers?open=${id}`);
  await page.getByRole('button', { name: 'Delete dossier' }).click();
  const dialog = page.getByRole('dialog', { name: /^Delete “/ });
  await dialog.getByText('What is deleted stays in the bin for 30 days and can be restored until then.').waitFor();
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
}

test('a deleted dossier is taken back by the message, by keyboard alone', async () => {
  const list = await node.makeList('Undone');
  const id = await node.makeDossier([list], { name: 'Anna Taken-Back' });
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, node.url, { name: 'desk', password });
  await deleteInDrawer(page, id);
  const undo = page.getByRole('button', { name: 'Undo', exact: true });
  await undo.waitFor();
  expect(await countOf(list)).toBe(0);
  // The row that was open is gone; the focus is on what takes it back.
  await expect.poll(() => undo.evaluate((button) => button === button.ownerDocument.activeElement)).toBe(true);
  expect(await findBarriers(page)).toEqual([]);
  await page.keyboard.press('Enter');
  await page.getByText('It is back, as it was.').waitFor();
  await page.getByRole('link', { name: 'Anna Taken-Back' }).waitFor();
  expect(await countOf(list)).toBe(1);
  expect(faults).toEqual([]);
  await close();
});

test('an emptied list is full again by the message', async () => {
  const list = await node.makeList('Emptied by mistake');
  for (const name of ['One', 'Two', 'Three']) await node.makeDossier([list], { name });
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, node.url);
  await page.goto(`${node.url}/ui/watch-lists`);
  await page.getByRole('button', { name: 'What to do with Emptied by mistake' }).click();
  await page.getByRole('menuitem', { name: 'Remove all dossiers…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill('Emptied by mistake');
  await dialog.getByRole('button', { name: 'Remove all' }).click();
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await page.getByText('It is back, as it was.').waitFor();
  expect(await countOf(list)).toBe(3);
  expect(faults).toEqual([]);
  await close();
});

test('the bin: found, restored singly and together, what is in the way is told, and erased by administrators only', async () => {
  const list = await node.makeList('Binned');
  const gone = await node.makeList('Gone');
  const ids: number[] = [];
  for (const name of ['Ada', 'Bea', 'Cid']) ids.push(await node.makeDossier([list], { name, external_id: `x-${name}` }));
  for (const id of ids) await node.call('DELETE', `/dossiers/${id}/`);
  const homeless = await node.makeDossier([gone], { name: 'Homeless' });
  await node.call('DELETE', `/dossiers/${homeless}/`);
  await node.call('DELETE', `/dossier-lists/${gone}/`);
  await node.makeDossier([list], { name: 'New Bea', external_id: 'x-Bea' });
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, node.url, { name: 'desk', password });
  await page.getByRole('link', { name: 'Bin', exact: true }).click();
  await page.getByText('What was deleted on this node, for 30 days').waitFor();
  await page.getByRole('searchbox', { name: 'Find in the bin' }).fill('x-c');
  await page.getByText('Ada', { exact: true }).waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Restore: Cid' }).click();
  await page.getByText('1 dossier is restored.').waitFor();
  await page.getByRole('searchbox', { name: 'Find in the bin' }).fill('');
  expect(await findBarriers(page)).toEqual([]);

  await page.getByRole('checkbox', { name: 'Select Ada' }).check();
  await page.getByRole('checkbox', { name: 'Select Bea' }).check();
  await page.getByRole('button', { name: 'Restore 2 dossiers' }).click();
  await page.getByText('Bea: another dossier of “Binned” has its external id x-Bea now.').waitFor();
  expect(await countOf(list)).toBe(3);

  await page.getByRole('button', { name: 'Restore into…: Homeless' }).click();
  const dialog = page.getByRole('dialog', { name: 'Into which watch list?' });
  await dialog.getByRole('radio', { name: 'Binned' }).check();
  await dialog.getByRole('button', { name: 'Restore' }).click();
  await expect.poll(() => countOf(list)).toBe(4);
  expect(await page.getByRole('button', { name: 'What to do with Bea' }).count()).toBe(0);
  expect(faults).toEqual([]);
  await close();

  const admin = await openWindow(browser);
  await signIn(admin.page, node.url);
  await admin.page.goto(`${node.url}/ui/bin`);
  await admin.page.getByRole('button', { name: 'What to do with Bea' }).click();
  await admin.page.getByRole('menuitem', { name: 'Erase for good…' }).click();
  await admin.page.getByRole('dialog').getByRole('button', { name: 'Erase' }).click();
  await admin.page.getByText('The bin is empty').waitFor();
  await admin.close();

  const reader = await openWindow(browser);
  await signIn(reader.page, node.url, { name: 'reader', password });
  expect(await reader.page.getByRole('link', { name: 'Bin', exact: true }).count()).toBe(0);
  await reader.close();
});

test('an import is taken back where its result is shown, and its dossiers are restored together from the bin', async () => {
  const list = await node.makeList('Imported');
  await node.makeDossier([list], { name: 'Anna', external_id: 'a', comment: 'before' });
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, node.url, { name: 'desk', password });
  await page.goto(`${node.url}/ui/dossiers?list=${list}`);
  await page.getByRole('button', { name: 'Import' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import dossiers from a file' });
  const content = '{"external_id":"a","name":"Anna","comment":"after"}\n{"name":"Boris"}\n{"name":"Carla"}\n';
  await dialog
    .locator('input[type=file]')
    .setInputFiles({ name: 'a.jsonl', mimeType: 'application/x-ndjson', buffer: Buffer.from(content) });
  await dialog.getByRole('button', { name: 'Check the file' }).click();
  await dialog.getByRole('button', { name: 'Import 3 dossiers' }).click();
  await dialog.getByRole('button', { name: 'Take this import back…' }).click();
  const asked = page.getByRole('dialog', { name: 'Take this import back?' });
  await asked.getByText('2 dossiers that it added go to the bin.').waitFor();
  await asked.getByText('1 dossier that it changed is as it was before, with its photos.').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await asked.getByRole('button', { name: 'Take back' }).click();
  await page.getByText('The import is taken back.').waitFor();
  expect(await countOf(list)).toBe(1);

  await page.goto(`${node.url}/ui/bin`);
  const row = page.getByRole('row').filter({ hasText: 'An import into “Imported” was taken back' });
  await row.getByRole('button', { name: 'Restore all' }).click();
  await page.getByText('2 dossiers are restored.').waitFor();
  expect(await countOf(list)).toBe(3);
  expect(faults).toEqual([]);
  await close();
});
