import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser, Locator, Page } from 'playwright-core';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

const people = 10_000;
const lists = 205;

let browser: Browser;
let node: NodeProcess;
let long: number;

beforeAll(async () => {
  [browser, node] = await Promise.all([startBrowser(), NodeProcess.create('many', { topology: { workers: 'in the same process' } })]);
  long = await node.makeList('Long');
  await node.import(
    long,
    Array.from({ length: people }, (_, index) =>
      JSON.stringify({ external_id: `p-${index}`, name: `Person ${String(index).padStart(5, '0')}`, active: index % 100 !== 0 }),
    ),
  );
  for (let number = 1; number < lists; number += 1) await node.makeList(`Gate ${number}`);
});

afterAll(async () => {
  await browser?.close();
  await node?.remove();
});

/** As an administrator, on the page of dossiers. */
async function visit(what: (page: Page) => Promise<void>, search = ''): Promise<void> {
  const { page, faults, close } = await openWindow(browser);
  try {
    await signIn(page, node.url);
    await page.goto(`${node.url}/ui/dossiers${search}`);
    await what(page);
    expect(faults).toEqual([]);
  } catch (error) {
    throw new Error(`${String(error)}\n${await page.locator('body').innerText()}`, { cause: error });
  } finally {
    await close();
  }
}

const boxOf = (page: Page, name: string): Locator => page.getByRole('checkbox', { name: `Select ${name}` });
const bar = (page: Page): Locator => page.getByRole('region', { name: 'What to do with the selected dossiers' });
const read = async (id: string): Promise<{ active: boolean; comment: string; dossier_lists: number[]; meta: object } | undefined> =>
  (await node.dossiers(long)).find((each) => each.external_id === id);

async function choose(page: Page, label: string, list: string): Promise<void> {
  const box = page.getByRole('combobox', { name: label });
  await box.fill(list);
  await page.getByRole('option', { name: list, exact: true }).click();
}

describe('dossiers are selected', () => {
  test('one by one, as a range by Shift, and by keys alone; a click elsewhere in the row opens it', async () => {
    await visit(async (page) => {
      await boxOf(page, 'Person 00001').check();
      await boxOf(page, 'Person 00004').click({ modifiers: ['Shift'] });
      await bar(page).getByText('4 selected').waitFor();
      expect(await boxOf(page, 'Person 00003').isChecked()).toBe(true);
      expect(await findBarriers(page)).toEqual([]);
      await page
        .getByRole('row', { name: /Person 00002/ })
        .getByRole('cell')
        .nth(2)
        .click();
      await page.getByRole('dialog', { name: 'Person 00002' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await bar(page).getByText('4 selected').waitFor();
      await bar(page).getByRole('button', { name: 'Clear the selection' }).click();
      await bar(page).waitFor({ state: 'detached' });

      await boxOf(page, 'Person 00006').focus();
      await page.keyboard.press('Space');
      for (let step = 0; step < 30; step += 1) await page.keyboard.press('Shift+ArrowDown');
      await bar(page).getByText('31 selected').waitFor();
      await expect.poll(() => page.evaluate('document.activeElement?.getAttribute("aria-label")')).toBe('Select Person 00036');
      await page.keyboard.press('Control+a');
      await bar(page)
        .getByText(/^[\d,]{3,} selected$/)
        .waitFor();
    }, `?list=${long}`);
  });

  test('all that are found, and nobody any more as soon as something else is searched for', async () => {
    await visit(async (page) => {
      await page.getByRole('checkbox', { name: 'Select all that are loaded' }).check();
      await bar(page).getByRole('button', { name: 'Select all that are found' }).click();
      await bar(page).getByText('All 10,000 dossiers that are found are selected').waitFor();
      // Whoever is to be spared is the only one who isn't chosen any more, of those that are on view.
      await boxOf(page, 'Person 00003').uncheck();
      await bar(page)
        .getByText(/^\d+99 selected/)
        .waitFor();
      expect(await boxOf(page, 'Person 00004').isChecked()).toBe(true);
      await page.getByRole('checkbox', { name: 'Select all that are loaded' }).check();
      await bar(page).getByRole('button', { name: 'Select all that are found' }).click();
      await page.getByLabel('State').selectOption('Inactive');
      await bar(page).waitFor({ state: 'detached' });
      await page.getByText('100 dossiers', { exact: true }).waitFor();
    }, `?list=${long}`);
  });
});

describe('many dossiers', () => {
  test('are changed at once in what is asked for', async () => {
    await visit(async (page) => {
      await boxOf(page, 'Person 00010').check();
      await boxOf(page, 'Person 00012').click({ modifiers: ['Shift'] });
      await bar(page).getByRole('button', { name: 'Change…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Change 3 dossiers' });
      await dialog.waitFor();
      expect(await dialog.getByRole('button', { name: 'Change 3 dossiers' }).isDisabled()).toBe(true);
      await dialog.getByLabel('State').selectOption('Inactive');
      await dialog.getByLabel('Add to the comment').fill('Left the country.');
      await dialog.getByLabel('A custom field').selectOption('Set to…');
      await dialog.getByLabel('Field', { exact: true }).fill('door');
      await dialog.getByLabel('Value').fill('keep out');
      expect(await findBarriers(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Change 3 dossiers' }).click();
      await page.getByText('3 dossiers are changed.').waitFor();
      await bar(page).waitFor({ state: 'detached' });
      expect(await read('p-11')).toMatchObject({ active: false, comment: 'Left the country.', meta: { door: 'keep out' } });
      expect(await read('p-13')).toMatchObject({ active: true, comment: '', meta: {} });
    }, `?list=${long}`);
  });

  test('come into lists that are found among hundreds by their names', async () => {
    await visit(async (page) => {
      await boxOf(page, 'Person 00020').check();
      await boxOf(page, 'Person 00021').check();
      await bar(page).getByRole('button', { name: 'Move or copy…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Move or copy 2 dossiers' });
      await dialog.getByRole('radio', { name: 'Move to lists' }).check();
      await choose(page, 'To which lists', 'Gate 203');
      expect(await findBarriers(page)).toEqual([]);
      await page.keyboard.press('Tab');
      await dialog.getByRole('button', { name: 'Move 2 dossiers' }).click();
      await page.getByText('2 dossiers are changed.').waitFor();
      await page.getByRole('row', { name: /Person 00020/ }).waitFor({ state: 'detached' });
      expect(await read('p-20')).toBe(undefined);
    }, `?list=${long}`);
  });

  test('that somebody else changed meanwhile are left, and named; the others are changed', async () => {
    await visit(async (page) => {
      await boxOf(page, 'Person 00014').check();
      await boxOf(page, 'Person 00015').check();
      const other = (await node.dossiers(long)).find((each) => each.external_id === 'p-14');
      await node.call('PATCH', `/dossiers/${other?.id}/`, { comment: 'somebody else' });
      await bar(page).getByRole('button', { name: 'Change…' }).click();
      await page.getByRole('dialog').getByLabel('Add to the comment').fill('over it');
      await page.getByRole('dialog').getByRole('button', { name: 'Change 2 dossiers' }).click();
      await page.getByText('Person 00014: was changed after you selected it').waitFor();
      await page.getByText('1 dossier is changed.').waitFor();
      expect(await findBarriers(page)).toEqual([]);
      expect([(await read('p-14'))?.comment, (await read('p-15'))?.comment]).toEqual(['somebody else', 'over it']);
    }, `?list=${long}`);
  });

  test('all that a filter finds are deleted after their number was typed, and are back by one Undo', async () => {
    await visit(async (page) => {
      await page.getByRole('checkbox', { name: 'Select all that are loaded' }).check();
      const select = bar(page).getByRole('button', { name: 'Select all that are found' });
      if (await select.isVisible()) await select.click();
      await bar(page).getByRole('button', { name: 'Delete…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Delete 103 dossiers?' });
      const button = dialog.getByRole('button', { name: 'Delete 103 dossiers' });
      expect(await button.isDisabled()).toBe(true);
      await dialog.getByLabel('Type “103” to confirm').fill('103');
      expect(await findBarriers(page)).toEqual([]);
      await button.click();
      await page.getByText('103 dossiers are deleted.').waitFor({ timeout: 60_000 });
      await page.getByText('Nothing fits').waitFor();
      expect((await node.want(200, watchListSchema, ['GET', `/dossier-lists/${long}/`])).dossier_count).toBe(people - 103 - 2);
      await page.getByRole('button', { name: 'Undo', exact: true }).click();
      await page.getByText('It is back, as it was.').waitFor();
      expect((await node.want(200, watchListSchema, ['GET', `/dossier-lists/${long}/`])).dossier_count).toBe(people - 2);
    }, `?list=${long}&active=false`);
  });
});

describe('with hundreds of lists', () => {
  test('the filter shows one of them, also as the address has it, and is never a page long', async () => {
    await visit(async (page) => {
      const box = page.getByRole('combobox', { name: 'Watch list' });
      expect(await box.inputValue()).toBe('Long');
      await choose(page, 'Watch list', 'Gate 17');
      await page.waitForURL((url) => url.searchParams.get('list') !== String(long));
      await page.getByText('There are no dossiers here yet').waitFor();
      await page.goBack();
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Dossiers' }).click();
      await page.waitForURL((url) => url.search === '');
      expect(await box.inputValue()).toBe('All lists');
      await box.click();
      expect(await page.getByRole('listbox').getByRole('option').count()).toBeLessThanOrEqual(51);
      expect(await findBarriers(page)).toEqual([]);
    }, `?list=${long}`);
  });

  test('a dossier is made in one that is found by its name', async () => {
    await visit(async (page) => {
      await page.getByRole('button', { name: 'New dossier' }).click();
      const dialog = page.getByRole('dialog', { name: 'New dossier' });
      await dialog.getByLabel('Name').fill('Newcomer');
      expect(await dialog.getByRole('checkbox').count()).toBe(0);
      await choose(page, 'Watch lists', 'Gate 88');
      expect(await findBarriers(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Save' }).click();
      await page.getByText('“Newcomer” is made.').waitFor();
    });
  });
});
