import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

/* Dialogs over dialogs: Escape closes one at a time, the topmost, wherever the focus is; and each can be closed with the mouse, whatever it is of. */

let browser: Browser;
let node: NodeProcess;

beforeAll(async () => {
  [browser, node] = await Promise.all([startBrowser(), NodeProcess.create('layers', { topology: { workers: 'in the same process' } })]);
});
afterAll(async () => {
  await browser?.close();
  await node?.remove();
});

const dialogs = (page: Page): Promise<number> => page.getByRole('dialog').count();

test('Escape in the question whether to take an import back leaves the import open', async () => {
  const list = await node.makeList('Imported');
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, node.url);
  await page.goto(`${node.url}/ui/dossiers?list=${list}`);
  await page.getByRole('button', { name: 'Import' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import dossiers from a file' });
  await dialog
    .locator('input[type=file]')
    .setInputFiles({ name: 'a.jsonl', mimeType: 'application/x-ndjson', buffer: Buffer.from('{"name":"Boris"}\n') });
  await dialog.getByRole('button', { name: 'Check the file' }).click();
  await dialog.getByRole('button', { name: 'Import 1 dossier' }).click();
  await dialog.getByRole('button', { name: 'Take this import back…' }).click();
  const asked = page.getByRole('dialog', { name: 'Take this import back?' });
  await asked.getByText('1 dossier that it added goes to the bin.').waitFor();
  await page.keyboard.press('Escape');
  await asked.waitFor({ state: 'detached' });
  expect(await dialog.isVisible()).toBe(true);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(faults).toEqual([]);
  await close();
});

test('a drawer, a form in it and a question over it go one by one; also while nothing has the focus', async () => {
  const list = await node.makeList('Layers');
  const id = await node.makeDossier([list], { name: 'Layered Lena' });
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, node.url);
  await page.goto(`${node.url}/ui/dossiers?open=${id}`);
  for (const name of ['Edit', 'Delete dossier', 'Merge…']) {
    await page.getByRole('dialog').getByRole('button', { name }).click();
    await expect.poll(() => dialogs(page)).toBe(2);
    await page.evaluate('document.activeElement?.blur()');
    await page.keyboard.press('Escape');
    await expect.poll(() => dialogs(page)).toBe(1);
  }
  await page.evaluate('document.activeElement?.blur()');
  await page.keyboard.press('Escape');
  await expect.poll(() => dialogs(page)).toBe(0);
  expect(faults).toEqual([]);
  await close();
});

test.each([375, 1440])('names of any length leave Close and the buttons of a dialog in sight at %i pixels', async (width) => {
  const list = await node.makeList('W'.repeat(100));
  const long = await node.makeDossier([list], { name: 'W'.repeat(256) });
  const { page, close } = await openWindow(browser, { viewport: { width, height: 740 } });
  await signIn(page, node.url);
  const seesAll = async (dialog: ReturnType<Page['getByRole']>): Promise<void> => {
    await dialog.waitFor();
    for (const button of await dialog.getByRole('button').all()) {
      const box = await button.boundingBox();
      expect(box === null ? -1 : box.x).toBeGreaterThanOrEqual(0);
      expect(box === null ? Infinity : box.x + box.width).toBeLessThanOrEqual(width);
    }
    const top = await dialog.getByRole('button', { name: 'Close' }).boundingBox();
    expect(top === null ? -1 : top.y).toBeGreaterThanOrEqual(0);
  };
  await page.goto(`${node.url}/ui/dossiers?open=${long}`);
  const drawer = page.getByRole('dialog').first();
  await seesAll(drawer);
  await drawer.getByRole('button', { name: 'Delete dossier' }).click();
  await seesAll(page.getByRole('dialog', { name: /^Delete/ }));
  await page.keyboard.press('Escape');
  await page.goto(`${node.url}/ui/watch-lists?find=WWWW`);
  await page
    .getByRole('button', { name: /^What to do with W/ })
    .first()
    .click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await seesAll(page.getByRole('dialog', { name: /^Edit/ }));
  await close();
});
