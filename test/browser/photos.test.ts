import { drawPortrait } from '@dossier/cli/demo/portrait.ts';
import { dossierFaceSchema } from '@dossier/protocol/dossier.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';
import { addPhoto } from '../kit/photo.ts';

/* Photos first: a person is made with faces, which are put in order and looked at closely; none is lost without a word. */

let browser: Browser;
let master: NodeProcess;
let list: number;
const portraits: Buffer[] = [];

beforeAll(async () => {
  [browser, master] = await Promise.all([startBrowser(), NodeProcess.create('master', { topology: { workers: 'in the same process' } })]);
  list = await master.makeList('Wanted');
  for (let seed = 1; seed <= 3; seed += 1) portraits.push(Buffer.from(await drawPortrait(seed)));
});
afterAll(async () => {
  await browser?.close();
  await master?.remove();
});

const image = (seed: number) => ({ name: `face-${seed}.jpg`, mimeType: 'image/jpeg', buffer: portraits[seed - 1] ?? Buffer.alloc(0) });
const heic = {
  name: 'IMG_0042.HEIC',
  mimeType: 'image/heic',
  buffer: Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic'), Buffer.alloc(200)]),
};

/** The lengths in bytes of a dossier's photos, by which the portraits are told apart, in their order. */
async function photosOf(dossier: number): Promise<number[]> {
  const { json } = await master.call('GET', `/dossier-faces/?dossier=${dossier}`);
  return pageOf(dossierFaceSchema)
    .parse(json)
    .results.map(({ bytes }) => bytes);
}
const bytesOf = (...seeds: number[]): number[] => seeds.map((seed) => image(seed).buffer.byteLength);

const form = (page: Page): Locator => page.getByRole('dialog', { name: 'New dossier' });
const openedId = (page: Page): number => Number(new URL(page.url()).searchParams.get('open'));
const isDrawn = (picture: Locator) => picture.evaluate((element) => (element as unknown as { naturalWidth: number }).naturalWidth);

async function openForm(page: Page, name: string): Promise<Locator> {
  await page.goto(`${master.url}/ui/dossiers?list=${list}`);
  await page.getByRole('button', { name: 'New dossier' }).click();
  await form(page)
    .getByLabel('Name', { exact: true })
    .or(form(page).getByRole('textbox', { name: 'Name' }))
    .first()
    .fill(name);
  return form(page);
}

/** Drops files on an element, as somebody does who drags them from a folder. */
async function drop(page: Page, target: Locator, files: readonly { name: string; mimeType: string; buffer: Buffer }[]): Promise<void> {
  const given = JSON.stringify(files.map(({ name, mimeType: type, buffer }) => ({ name, type, bytes: [...buffer] })));
  const data = await page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    for (const { name, type, bytes } of ${given}) transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
    return transfer;
  })()`);
  await target.dispatchEvent('drop', { dataTransfer: data });
}

test.each(['light', 'dark'] as const)(
  'a new dossier is made with photos, dropped and chosen, in the order given, in %s colours',
  async (colorScheme) => {
    const { page, faults, close } = await openWindow(browser, { colorScheme });
    await signIn(page, master.url);
    const dialog = await openForm(page, `Anna ${colorScheme}`);
    await drop(page, dialog.getByText('Drop them here or click').first(), [image(1)]);
    await dialog
      .getByLabel('Photos', { exact: true })
      .locator('xpath=self::input')
      .setInputFiles([image(2), image(3)]);
    const photos = dialog.getByRole('list', { name: 'Photos' }).getByRole('group');
    await photos.nth(2).waitFor();
    await expect.poll(() => isDrawn(photos.nth(2).getByRole('img'))).toBeGreaterThan(0);
    await photos.nth(2).focus();
    await page.keyboard.press('Alt+ArrowLeft');
    await page.keyboard.press('Alt+ArrowLeft');
    expect(await photos.evaluateAll((all) => all.map((each) => (each as unknown as { ariaLabel: string }).ariaLabel))).toEqual([
      'face-3.jpg',
      'face-1.jpg',
      'face-2.jpg',
    ]);
    await dialog.getByRole('button', { name: 'Leave out face-2.jpg' }).click();
    expect(await findBarriers(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/open=\d+/);
    expect(await photosOf(openedId(page))).toEqual(bytesOf(3, 1));
    const drawer = page.getByRole('dialog', { name: `Anna ${colorScheme}` });
    await expect
      .poll(() => isDrawn(drawer.getByRole('button', { name: 'Look at Photo 1 of 2 closely' }).first().locator('img')))
      .toBeGreaterThan(0);
    await page.keyboard.press('Escape');
    const thumbnail = page
      .getByRole('row')
      .filter({ hasText: `Anna ${colorScheme}` })
      .locator('img');
    await expect.poll(() => isDrawn(thumbnail)).toBeGreaterThan(0);
    expect(faults).toEqual([]);
    await close();
  },
);

test('a photo that is refused says why in a sentence, the dossier stays, and the others are with it', async () => {
  const { page, faults, close } = await openWindow(browser, { colorScheme: 'dark' });
  await signIn(page, master.url);
  const dialog = await openForm(page, 'Boris Phone');
  await drop(page, dialog.getByText('Drop them here or click').first(), [image(1), heic]);
  await dialog.getByRole('button', { name: 'Save' }).click();
  const told = page.getByRole('dialog', { name: '“Boris Phone” is made, but not with all its photos' });
  await told.getByText(/IMG_0042\.HEIC.*This is a HEIC picture, as iPhones take them/).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await told.getByRole('button', { name: 'Go on without them' }).click();
  await page.getByText('“Boris Phone” is made without 1 photo that was chosen.').waitFor();
  await page.waitForURL(/open=\d+/);
  expect(await photosOf(openedId(page))).toEqual(bytesOf(1));
  expect(faults).toEqual([]);
  await close();
});

test('why a photo is refused is said in Russian, too', async () => {
  const id = await master.makeDossier([list], { name: 'Юрий Телефон' });
  const { page, faults, close } = await openWindow(browser, { locale: 'ru-RU' });
  await page.goto(`${master.url}/ui/`);
  await page.locator('input[name=name]').fill('admin');
  await page.locator('input[name=password]').fill('correct-horse-battery');
  await page.getByRole('button', { name: 'Войти' }).click();
  await page.getByRole('navigation').first().waitFor();
  await page.goto(`${master.url}/ui/dossiers?open=${id}`);
  await drop(page, page.getByText('Перетащите сюда или нажмите').first(), [heic]);
  await page.getByText(/IMG_0042\.HEIC.*не добавлено: Это снимок HEIC, как их делает iPhone/).waitFor();
  expect(faults).toEqual([]);
  await close();
});

test('a photo that got lost on the way while a new dossier was saved is tried again', async () => {
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, master.url);
  const dialog = await openForm(page, 'Carla Torn');
  await drop(page, dialog.getByText('Drop them here or click').first(), [image(1), image(2)]);
  await page.route('**/dossier-faces/', (route) => route.abort());
  await dialog.getByRole('button', { name: 'Save' }).click();
  const told = page.getByRole('dialog', { name: '“Carla Torn” is made, but not with all its photos' });
  await told.getByText(/face-2\.jpg/).waitFor();
  await page.unroute('**/dossier-faces/');
  await told.getByRole('button', { name: 'Try again', exact: true }).click();
  await page.waitForURL(/open=\d+/);
  expect(await photosOf(openedId(page))).toEqual(bytesOf(1, 2));
  expect(faults).toEqual([]);
  await close();
});

test('chosen photos outlive Escape, and after a reload the form says which have to be chosen again', async () => {
  const { page, close } = await openWindow(browser);
  await signIn(page, master.url);
  const dialog = await openForm(page, 'Dora Draft');
  await drop(page, dialog.getByText('Drop them here or click').first(), [image(1)]);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'New dossier' }).click();
  await dialog.getByRole('group', { name: 'face-1.jpg' }).waitFor();
  await dialog.getByRole('textbox', { name: 'Name' }).first().fill('Dora Drafted');
  await page.reload();
  await dialog.getByText('have to be chosen again: face-1.jpg').waitFor();
  await close();
});

test('photos are put in order by mouse, keys and menu; the first is the face', async () => {
  const id = await master.makeDossier([list], { name: 'Emil Order' });
  for (const seed of [1, 2, 3]) await addPhoto(master, id, image(seed).buffer);
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, master.url);
  await page.goto(`${master.url}/ui/dossiers?open=${id}`);
  const items = page.getByRole('dialog').getByRole('list', { name: 'Photos' }).getByRole('listitem');
  await items.nth(2).waitFor();
  await items.nth(2).dragTo(items.nth(0));
  await expect.poll(() => photosOf(id)).toEqual(bytesOf(3, 1, 2));
  await items.nth(0).getByRole('button').first().focus();
  // The focus goes along, and a second step needs not wait for the first one to be saved.
  for (const place of [1, 2]) {
    await page.keyboard.press('Alt+ArrowRight');
    const button = items.nth(place).getByRole('button').first();
    await expect.poll(() => button.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  }
  await expect.poll(() => photosOf(id)).toEqual(bytesOf(1, 2, 3));
  await page.getByRole('button', { name: 'What to do with Photo 2 of 3' }).click();
  await page.getByRole('menuitem', { name: 'Make it the face' }).click();
  await expect.poll(() => photosOf(id)).toEqual(bytesOf(2, 1, 3));
  expect(faults).toEqual([]);
  await close();
});

test('an order that is meant for another state of the dossier is refused, and the photos stand as they are', async () => {
  const id = await master.makeDossier([list], { name: 'Fatima Overtaken' });
  for (const seed of [1, 2]) await addPhoto(master, id, image(seed).buffer);
  const { page, close } = await openWindow(browser);
  await signIn(page, master.url);
  await page.goto(`${master.url}/ui/dossiers?open=${id}`);
  const items = page.getByRole('dialog').getByRole('list', { name: 'Photos' }).getByRole('listitem');
  await items.nth(1).waitFor();
  await page.route(`**/dossiers/${id}/`, async (route) => {
    if (route.request().method() === 'PATCH') await master.call('PATCH', `/dossiers/${id}/`, { comment: 'meanwhile' });
    await route.continue();
  });
  await items.nth(1).getByRole('button').first().focus();
  await page.keyboard.press('Alt+ArrowLeft');
  await page.getByRole('alert').getByText('was changed since it was read').waitFor();
  expect(await photosOf(id)).toEqual(bytesOf(1, 2));
  await close();
});

test.each(['light', 'dark'] as const)('a photo is looked at closely by keys alone, in %s colours', async (colorScheme) => {
  const id = await master.makeDossier([list], { name: 'Grete Close' });
  for (const seed of [1, 2]) await addPhoto(master, id, image(seed).buffer);
  const { page, faults, close } = await openWindow(browser, { colorScheme });
  await signIn(page, master.url);
  await page.goto(`${master.url}/ui/dossiers?open=${id}`);
  const opener = page.getByRole('button', { name: 'Look at Photo 1 of 2 closely' }).first();
  await opener.focus();
  await page.keyboard.press('Enter');
  const viewer = page.getByRole('dialog', { name: 'Photos of “Grete Close”' });
  const picture = viewer.locator('img');
  await expect.poll(() => isDrawn(picture)).toBeGreaterThan(0);
  const width = async (): Promise<number> => (await picture.boundingBox())?.width ?? 0;
  const fitting = await width();
  await page.keyboard.press('+');
  await expect.poll(width).toBeGreaterThan(fitting * 1.4);
  expect(await findBarriers(page)).toEqual([]);
  await page.keyboard.press('0');
  await page.keyboard.press('ArrowRight');
  await viewer.getByText('Photo 2 of 2').waitFor();
  await expect.poll(width).toBeLessThan(fitting * 1.2);
  await page.keyboard.press('Escape');
  await viewer.waitFor({ state: 'hidden' });
  await expect.poll(() => opener.evaluate((button) => button === button.ownerDocument.activeElement)).toBe(true);
  expect(faults).toEqual([]);
  await close();
});
