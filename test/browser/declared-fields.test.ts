import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

/* An administrator says what is asked for of each person of a list; the desk fills it in, reads it and is told what to do at the door. */

let browser: Browser;
let master: NodeProcess;
let slave: NodeProcess;

beforeAll(async () => {
  const environment = { INSTALLED_APPS: 'ffsecurity_sync' };
  const create = (name: string): Promise<NodeProcess> =>
    NodeProcess.create(name, { topology: { workers: 'in the same process' }, environment });
  [browser, master, slave] = await Promise.all([startBrowser(), create('master'), create('slave')]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([master?.remove(), slave?.remove()]);
});

const fields = [
  { name: 'rank', label: { en: 'Rank', ru: 'Звание' }, type: 'choice', choices: ['mate', 'captain'], required: true, shown_in_table: true },
  { name: 'age', label: { en: 'Age' }, type: 'number' },
  { name: 'boarded', label: { en: 'Boarded' }, type: 'date' },
  { name: 'armed', label: { en: 'Armed' }, type: 'yes_no' },
];
const instruction = { en: 'Call the guard: 4711', ru: 'Вызовите охрану: 4711' };

async function declaredList(name: string): Promise<number> {
  const list = await master.makeList(name);
  expect((await master.call('PATCH', `/dossier-lists/${list}/`, { fields, instruction })).status).toBe(200);
  return list;
}

const save = (form: Locator): Promise<void> => form.getByRole('button', { name: 'Save' }).click();

async function editList(page: Page, name: string): Promise<Locator> {
  await page.goto(`${master.url}/ui/watch-lists`);
  await page.getByRole('button', { name: `What to do with ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  return page.getByRole('dialog', { name: `Edit “${name}”` });
}

test('fields are declared in the dialog of the list, put in order by buttons and keys, and old values that do not fit are told of', async () => {
  const list = await master.makeList('Crew');
  await master.makeDossier([list], { name: 'Old Ole', meta: { age: 'about forty', tattoo: 'anchor' } });
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, master.url);
  const form = await editList(page, 'Crew');
  await form.getByRole('tab', { name: 'Fields' }).click();
  await form.getByRole('button', { name: 'Add a field' }).click();
  await form.getByRole('textbox', { name: /^Name/ }).fill('age');
  await form.getByLabel('Kind').selectOption('Number');
  await form.getByRole('button', { name: 'Add a field' }).click();
  await form.getByRole('textbox', { name: /^Name/ }).fill('rank');
  await form.getByLabel('Kind').selectOption('Choice');
  expect(await form.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
  await form.getByLabel('Choices').fill('mate\n\ncaptain \nmate');
  await form.getByLabel('Shown as (Русский)').fill('Звание');
  await form.getByLabel('Shown in the table').check();
  expect(await findBarriers(page)).toEqual([]);
  await form.getByRole('button', { name: 'Move “rank” up' }).click();
  await form.getByText('“rank” is number 1 of 2 now.').waitFor();
  await form.getByRole('button', { name: 'Move “rank” up' }).press('Alt+ArrowDown');
  await form.getByText('“rank” is number 2 of 2 now.').waitFor();
  await form.getByRole('button', { name: 'Move “rank” up' }).press('Alt+ArrowUp');
  await form.getByRole('tab', { name: 'At the door' }).click();
  await form.getByLabel('What to do at the door (English)').fill('Let him in');
  expect(await findBarriers(page)).toEqual([]);
  await save(form);
  await page.getByText('1 dossier has values that don’t fit (age)').waitFor();
  const { json } = await master.call('GET', `/dossier-lists/${list}/`);
  expect(json).toMatchObject({
    instruction: { en: 'Let him in' },
    fields: [
      { name: 'rank', type: 'choice', choices: ['mate', 'captain'], label: { ru: 'Звание' }, shown_in_table: true },
      { name: 'age', type: 'number', label: {} },
    ],
  });

  await page.goto(`${master.url}/ui/dossiers?list=${list}`);
  await page.getByRole('link', { name: 'Old Ole' }).click();
  const drawer = page.getByRole('dialog', { name: 'Old Ole' });
  await drawer.getByText('about forty').first().waitFor();
  await drawer.getByText('Doesn’t fit: must be a number').waitFor();
  await drawer.getByText('anchor').first().waitFor();
  await drawer.getByRole('button', { name: 'Edit' }).click();
  const edit = page.getByRole('dialog', { name: 'Edit “Old Ole”' });
  await edit.getByText('It may stay until it is changed').waitFor();
  await edit.getByLabel('Comment').fill('Seen today');
  expect(await findBarriers(page)).toEqual([]);
  await save(edit);
  await drawer.getByText('Seen today').first().waitFor();
  expect((await master.dossiers(list))[0]?.meta).toEqual({ age: 'about forty', tattoo: 'anchor' });
  expect(faults).toEqual([]);
  await close();
});

test('the form asks for what the chosen lists declare, each by an input of its kind, and says what does not fit', async () => {
  const list = await declaredList('Passengers');
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, master.url);
  await page.goto(`${master.url}/ui/dossiers?list=${list}`);
  await page.getByRole('button', { name: 'New dossier' }).click();
  const form = page.getByRole('dialog', { name: 'New dossier' });
  await form.getByLabel('Name').fill('Paula Passenger');
  const button = form.getByRole('button', { name: 'Save' });
  expect(await button.isDisabled()).toBe(true);
  await form.getByLabel('Rank').selectOption('captain');
  await form.getByLabel('Age').fill('forty');
  await form.getByText('must be a number').waitFor();
  expect(await button.isDisabled()).toBe(true);
  await form.getByLabel('Age').fill('40,5');
  await form.getByLabel('Boarded').fill('2026-11-30');
  await form.getByLabel('Armed').selectOption('no');
  expect(await findBarriers(page)).toEqual([]);
  // A custom field that is called like a declared one while it is typed stays where it is.
  await form.getByRole('button', { name: 'Add a field' }).click();
  await form.getByLabel('Field', { exact: true }).pressSequentially('ages ago');
  await form.getByLabel('Value', { exact: true }).fill('yes');
  await button.click();
  const drawer = page.getByRole('dialog', { name: 'Paula Passenger' });
  await drawer.getByText('30 Nov 2026').first().waitFor();
  await drawer.getByText('Call the guard: 4711').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  const [made] = await master.dossiers(list);
  expect(made?.meta).toEqual({ rank: 'captain', age: 40.5, boarded: '2026-11-30', armed: false, 'ages ago': 'yes' });
  expect(faults).toEqual([]);
  await close();
});

test("a gate reads labels, columns and what to do at the door in the reader's language", async () => {
  const remote = await declaredList('Wanted');
  const id = await master.makeDossier([remote], { name: 'Walter Wanted', meta: { rank: 'mate', armed: true } });
  await master.call('PATCH', `/dossier-lists/${remote}/`, {
    fields: fields.map((field) => (field.name === 'armed' ? { ...field, type: 'date' } : field)),
  });
  const local = await slave.makeList('Wanted');
  await slave.link(master.url, remote, local);
  await slave.linkIn(local, 'synced');
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, slave.url);
  await page.goto(`${slave.url}/ui/dossiers?list=${local}`);
  await page.getByRole('columnheader', { name: 'Rank' }).waitFor();
  await page.getByRole('row', { name: /Walter Wanted.*mate/ }).waitFor();
  await page.evaluate(`localStorage.setItem('dossier-language', 'ru')`);
  await page.reload();
  await page.getByRole('columnheader', { name: 'Звание' }).waitFor();
  await page.getByRole('link', { name: 'Walter Wanted' }).click();
  const drawer = page.getByRole('dialog', { name: 'Walter Wanted' });
  await drawer.getByText('Вызовите охрану: 4711').waitFor();
  await drawer.getByText('Не подходит: нужна дата').waitFor();
  await master.call('PATCH', `/dossiers/${id}/`, { meta: { rank: 'mate', armed: null } });
  await master.call('PATCH', `/dossier-lists/${remote}/`, { fields });
  await master.call('PATCH', `/dossiers/${id}/`, { meta: { rank: 'mate', armed: true } });
  await slave.sync(local);
  await drawer.getByText('да', { exact: true }).waitFor({ timeout: 40_000 });
  expect(await findBarriers(page)).toEqual([]);

  // What the master declares anew is here after the next sync, though no dossier changed.
  await master.call('PATCH', `/dossier-lists/${remote}/`, { instruction: { en: 'Do nothing', ru: 'Ничего не делайте' } });
  await slave.sync(local);
  await drawer.getByText('Ничего не делайте').waitFor({ timeout: 40_000 });
  expect(faults).toEqual([]);
  await close();
});
