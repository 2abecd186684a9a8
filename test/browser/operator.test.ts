import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

/* A shift of an operator who has read nothing: no address is typed, every step begins at what is on view. */

const operator = { name: 'night-desk', password: 'correct-horse-battery' };

let browser: Browser;
let node: NodeProcess;

beforeAll(async () => {
  const environment = { INSTALLED_APPS: 'ffsecurity_sync' };
  [browser, node] = await Promise.all([
    startBrowser(),
    NodeProcess.create('desk', { topology: { workers: 'in the same process' }, environment }),
  ]);
  await node.call('POST', '/users/', { ...operator, role: 'operator' });
  const list = await node.makeList('Wanted persons');
  await node.import(
    list,
    Array.from({ length: 60 }, (_, index) => JSON.stringify({ external_id: `W-${index}`, name: `Person Number ${index}` })),
  );
  const sought = await node.makeDossier([list], { name: 'Мохаммед Петров', comment: 'Drives a red lory' });
  await node.call('PATCH', `/dossiers/${sought}/`, { comment: 'Drives a red lorry. Was seen at the south gate' });
  const mistaken = await node.makeDossier([list], { name: 'Nora Deleted-by-Mistake', comment: 'Left-handed' });
  await node.call('DELETE', `/dossiers/${mistaken}/`);
});
afterAll(async () => {
  await browser?.close();
  await node?.remove();
});

const menu = (page: Page, name: string): Locator =>
  page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true });

test('an operator finds Мохаммед by "Muhammad", corrects the comment, sees who changed it before, restores who was deleted, and prints the card', async () => {
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, node.url, operator);

  await menu(page, 'Dossiers').click();
  await page.getByRole('searchbox', { name: 'Search', exact: true }).fill('Muhammad');
  await page
    .getByRole('row', { name: /Мохаммед Петров/ })
    .getByRole('link')
    .click();
  const drawer = page.getByRole('dialog', { name: 'Мохаммед Петров' });

  const history = drawer.getByRole('region', { name: 'History' });
  await history.getByText('admin changed it').waitFor();
  await history.getByRole('deletion').getByText('Drives a red lory').waitFor();
  await drawer.getByRole('button', { name: 'Edit' }).click();
  const form = page.getByRole('dialog', { name: 'Edit “Мохаммед Петров”' });
  await form.getByLabel('Comment').fill('Drives a red lorry. Was seen at the north gate');
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByText('“Мохаммед Петров” is changed.').waitFor();
  await history.getByText('night-desk changed it').waitFor();
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });

  await menu(page, 'Bin').click();
  await page
    .getByRole('row', { name: /Nora Deleted-by-Mistake/ })
    .getByRole('button', { name: /^Restore/ })
    .click();
  await page.getByText('1 dossier is restored.').waitFor();

  await menu(page, 'Dossiers').click();
  await page.getByRole('searchbox', { name: 'Search', exact: true }).fill('nora deleted');
  await page
    .getByRole('row', { name: /Nora Deleted-by-Mistake/ })
    .getByRole('link')
    .click();
  await page.getByRole('dialog', { name: 'Nora Deleted-by-Mistake' }).getByRole('link', { name: 'Card to print' }).click();
  const card = page.getByRole('article');
  await card.getByText('Left-handed').waitFor();
  await card.getByText(/^Printed .* by night-desk$/).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await page.evaluate('window.print = () => { window.printed = true; }');
  await page.getByRole('button', { name: 'Print' }).click();
  expect(await page.evaluate('window.printed')).toBe(true);
  await page.emulateMedia({ media: 'print' });
  expect((await page.pdf({ preferCSSPageSize: true })).toString('latin1').match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
  expect(faults).toEqual([]);
  await close();
});
