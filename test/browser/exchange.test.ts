import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser, Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { dossierPageSchema } from '@dossier/protocol/dossier.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

let browser: Browser;
let node: NodeProcess;
let folder: string;

beforeAll(async () => {
  [browser, node] = await Promise.all([startBrowser(), NodeProcess.create('plain', { topology: { workers: 'in the same process' } })]);
  folder = await mkdtemp(join(tmpdir(), 'dossier-faces-'));
  await mkdir(join(folder, 'faces'));
  const photo = sharp({ create: { width: 300, height: 400, channels: 3, background: 'teal' } }).jpeg();
  await photo.toFile(join(folder, 'faces', 'ada.jpg'));
  await writeFile(join(folder, 'notes.txt'), 'no photo');
});

afterAll(async () => {
  await browser?.close();
  await node?.remove();
  await rm(folder, { recursive: true, force: true });
});

async function makeList(name: string): Promise<number> {
  return (await node.want(201, watchListSchema, ['POST', '/dossier-lists/', { name }])).id;
}

async function openDialog(page: Page, list: number): Promise<Locator> {
  await signIn(page, node.url);
  await page.goto(`${node.url}/ui/dossiers?list=${list}`);
  await page.getByRole('button', { name: 'Import' }).click();
  return page.getByRole('dialog', { name: 'Import dossiers from a file' });
}

const choose = (dialog: Locator, name: string, content: string | Buffer): Promise<void> =>
  dialog.getByLabel('Choose a file').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(content) });

async function textOf(page: Page, link: Locator): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  return readFile(await download.path(), 'utf8');
}

test('columns are shown with samples, named if unknown, and become what is chosen; refused rows are a file', async () => {
  const list = await makeList('Mapped');
  const { page, faults, close } = await openWindow(browser);
  const dialog = await openDialog(page, list);
  // windows-1251, with a header that no field is called by.
  const rows = Buffer.from('nr;who;born\n1.23E+15;');
  const csv = Buffer.concat([rows, Buffer.of(0xcf, 0xe5, 0xf2, 0xf0), Buffer.from(';1815\n7;Bob;1900\n7;Eve;1901\n8;;1902\n')]);
  await choose(dialog, 'people.csv', csv);
  await dialog.getByText('No column is the name').waitFor();
  await dialog.getByLabel('Encoding').selectOption('Windows-1251, Cyrillic');
  await dialog.getByText('Петр', { exact: true }).last().waitFor();
  await dialog.getByLabel('What who becomes').selectOption('Name');
  await dialog.getByLabel('What nr becomes').selectOption('External id (key)');
  await dialog.getByText('This column is no field of a dossier and is kept as a field of its own: born').waitFor();
  await dialog.getByText('1 external id looks as if a spreadsheet had rounded it').waitFor();
  await dialog.getByText('7 in lines 3 and 4').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Check the file' }).click();
  await dialog.getByText('Line 5: name: is missing').waitFor();
  await dialog.getByRole('button', { name: 'Import 3 dossiers' }).click();
  await dialog.getByText('Done', { exact: true }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  expect(await textOf(page, dialog.getByRole('link', { name: /Download the refused rows/ }))).toContain('5,name: is missing,8,,1902');
  const found = await node.want(200, dossierPageSchema, ['GET', `/dossiers/?dossier_lists=${list}`]);
  expect(found.results.map(({ name, external_id: id, meta }) => [name, id, meta])).toEqual([
    ['Петр', '1.23E+15', { born: '1815' }],
    ['Eve', '7', { born: '1901' }],
  ]);

  await page.goto(`${node.url}/ui/imports`);
  await page
    .getByRole('row', { name: /people\.csv/ })
    .getByText('2 added, 1 changed, 0 unchanged, 1 refused')
    .waitFor();
  expect(await findBarriers(page)).toEqual([]);
  expect(faults).toEqual([]);
  await close();
});

test('a second import of people without ids says before it that they are there already', async () => {
  const list = await makeList('Doubles');
  const csv = 'name,born\nAda,1815\nBob,1900\n';
  const { page, faults, close } = await openWindow(browser);
  const first = await openDialog(page, list);
  await choose(first, 'people.csv', csv);
  await first.getByRole('button', { name: 'Check the file' }).click();
  await first.getByRole('button', { name: 'Import 2 dossiers' }).click();
  await first.getByText('Done', { exact: true }).waitFor();
  await first.getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('button', { name: 'Import' }).click();
  const again = page.getByRole('dialog', { name: 'Import dossiers from a file' });
  await choose(again, 'people.csv', `${csv}Eve,1901\n`);
  await again.getByRole('button', { name: 'Check the file' }).click();
  await again.getByText(/^2 rows without an external id are people who are in the list already.*Take them out of the file/).waitFor();
  await again.getByText('Ada in line 2; Bob in line 3').waitFor();
  const many = Array.from({ length: 8 }, () => 'Ada,1815\n').join('');
  await choose(again, 'people.csv', `name,born\n${many}`);
  await again.getByRole('button', { name: 'Check the file' }).click();
  await again.getByText(/Ada in line 6; and 3 more/).waitFor();
  await again.getByRole('button', { name: 'Show more' }).click();
  await again.getByText(/Ada in line 9/).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  expect(faults).toEqual([]);
  await close();
});

test('photos come from a folder, the list goes out as a zip with them, and comes in again', async () => {
  const [list, other] = [await makeList('Photographed'), await makeList('Again')];
  const { page, faults, close } = await openWindow(browser);
  const dialog = await openDialog(page, list);
  await choose(dialog, 'people.csv', 'external_id,name,photo\na,Ada,faces/ada.jpg\n');
  await dialog.locator('input[webkitdirectory]').setInputFiles(folder);
  await dialog.getByText('1 photo', { exact: true }).waitFor();
  await dialog.getByRole('button', { name: 'Check the file' }).click();
  await dialog.getByRole('button', { name: 'Import 1 dossier' }).click();
  await dialog.getByText('Done', { exact: true }).waitFor();
  await dialog.getByRole('button', { name: 'Close' }).last().click();

  await page.getByRole('button', { name: 'Export' }).click();
  expect(await findBarriers(page)).toEqual([]);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('dialog', { name: 'Export' }).getByText('Zip with photos').click(),
  ]);
  await page.goto(`${node.url}/ui/dossiers?list=${other}`);
  await page.getByRole('button', { name: 'Import' }).click();
  const again = page.getByRole('dialog', { name: 'Import dossiers from a file' });
  const zip = await readFile(await download.path());
  await again.getByLabel('Choose a file').setInputFiles({ name: 'list.zip', mimeType: 'application/zip', buffer: zip });
  await again.getByText('Photos are taken from the same zip').waitFor();
  await again.getByRole('button', { name: 'Check the file' }).click();
  await again.getByRole('button', { name: 'Import 1 dossier' }).click();
  await again.getByText('Done', { exact: true }).waitFor();
  const found = await node.want(200, dossierPageSchema, ['GET', `/dossiers/?dossier_lists=${other}`]);
  expect(found.results).toMatchObject([{ name: 'Ada', external_id: 'a', face_count: 1 }]);
  expect(faults).toEqual([]);
  await close();
});

test('what a search finds, and the audit, are saved as files', async () => {
  const list = await makeList('Searched');
  await node.makeDossier([list], { name: '=Mallory' });
  await node.makeDossier([list], { name: 'Trent' });
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, node.url);
  await page.goto(`${node.url}/ui/dossiers?list=${list}&q=mallory`);
  await page.getByRole('link', { name: /Mallory/ }).waitFor();
  await page.getByRole('button', { name: 'Export' }).click();
  const csv = await textOf(page, page.getByRole('dialog', { name: 'Export' }).getByText(/CSV/));
  expect(csv.split('\r\n').slice(1)).toEqual([expect.stringMatching(/^,'=Mallory,/), '']);
  await page.goto(`${node.url}/ui/audit`);
  await page.getByRole('cell', { name: 'exported what a search found' }).first().waitFor();
  await page.getByRole('button', { name: 'Export' }).click();
  const audit = await textOf(page, page.getByRole('dialog', { name: 'Export' }).getByText('JSON Lines'));
  expect(audit).toContain('"action":"audit-exported"');
  expect(faults).toEqual([]);
  await close();
});

test('a dossier is printed as a card of one sheet', async () => {
  const list = await makeList('Printed');
  const made = await node.makeDossier([list], {
    name: 'Ada Lovelace',
    comment: 'Speaks of engines',
    meta: { born: '1815' },
    valid_until: '2100-01-31',
  });
  const { page, faults, close } = await openWindow(browser, { colorScheme: 'dark' });
  await signIn(page, node.url);
  await page.goto(`${node.url}/ui/dossiers?open=${made}`);
  await page.getByRole('link', { name: 'Card to print' }).click();
  const card = page.getByRole('article');
  for (const text of ['Ada Lovelace', 'Speaks of engines', 'born', '1815', 'Printed', 'valid until 31 Jan 2100', 'No photo']) {
    await card.getByText(text, { exact: true }).first().waitFor();
  }
  await card.getByText(/^Printed .* by admin$/).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await page.emulateMedia({ media: 'print' });
  expect(await page.getByRole('navigation', { name: 'Pages' }).isVisible()).toBe(false);
  expect(await page.getByRole('button', { name: 'Print' }).isVisible()).toBe(false);
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
  expect(pdf.match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
  expect(faults).toEqual([]);
  await close();
});
