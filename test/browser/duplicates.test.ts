import { drawPortrait } from '@dossier/cli/demo/portrait.ts';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';
import { addPhoto } from '../kit/photo.ts';

/* Nobody is made twice unseen, and who was becomes one again. */

let browser: Browser;
let master: NodeProcess;
let list: number;

beforeAll(async () => {
  [browser, master] = await Promise.all([startBrowser(), NodeProcess.create('master', { topology: { workers: 'in the same process' } })]);
  list = await master.makeList('Wanted');
});
afterAll(async () => {
  await browser?.close();
  await master?.remove();
});

const read = async (id: number) => dossierSchema.parse((await master.call('GET', `/dossiers/${id}/`)).json);
const statusOf = async (id: number): Promise<number> => (await master.call('GET', `/dossiers/${id}/`)).status;

test.each(['light', 'dark'] as const)(
  'the form warns of a person of a similar name and of a photo that is there, in %s colours',
  async (colorScheme) => {
    const known = await master.makeDossier([list], { name: `Muhammad Rashid ${colorScheme}` });
    const photographed = await master.makeDossier([list], { name: `Nora Known ${colorScheme}` });
    const seed = colorScheme === 'light' ? 21 : 22;
    await addPhoto(master, photographed, await drawPortrait(seed));
    const { page, faults, close } = await openWindow(browser, { colorScheme });
    await signIn(page, master.url);
    await page.goto(`${master.url}/ui/dossiers?list=${list}`);
    await page.getByRole('button', { name: 'New dossier' }).click();
    const form = page.getByRole('dialog', { name: 'New dossier' });
    await form.locator('input[type=file]').setInputFiles({ name: 'again.jpg', mimeType: 'image/jpeg', buffer: await drawPortrait(seed) });
    await form.getByRole('textbox', { name: 'Name' }).first().fill(`Mohammed Rashid ${colorScheme}`);
    const alike = form.getByRole('link', { name: `Open Muhammad Rashid ${colorScheme} in a new tab` });
    await alike.waitFor();
    expect(await alike.getAttribute('href')).toContain(`open=${known}`);
    await form.getByText('This photo is there already').waitFor();
    await form.getByRole('link', { name: `Open Nora Known ${colorScheme} in a new tab` }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await form.getByRole('textbox', { name: 'Name' }).first().fill('Karl Quite-Otherwise');
    await alike.waitFor({ state: 'hidden' });
    expect(faults).toEqual([]);
    await close();
  },
);

interface Twins {
  readonly kept: number;
  readonly other: number;
}

async function makeTwins(name: string): Promise<Twins> {
  const kept = await master.makeDossier([list], { name: `${name} Al-Rashid`, comment: 'old words', external_id: `${name}-1` });
  const other = await master.makeDossier([list], {
    name: `${name} Alrashid`,
    comment: 'new words',
    external_id: `${name}-2`,
    meta: { car: 'red' },
  });
  for (const [id, seed] of [
    [kept, 31],
    [other, 32],
    [other, 33],
  ] as const)
    await addPhoto(master, id, await drawPortrait(seed));
  return { kept, other };
}

async function openMerge(page: Page, { kept }: Twins, name: string): Promise<Locator> {
  await page.goto(`${master.url}/ui/dossiers?open=${kept}`);
  await page.getByRole('button', { name: 'Merge…' }).click();
  const dialog = page.getByRole('dialog', { name: `Merge with “${name} Al-Rashid”` });
  await dialog.getByRole('radio', { name: new RegExp(`${name} Alrashid`) }).check();
  return dialog;
}

test.each(['light', 'dark'] as const)(
  'two dossiers are merged side by side, and the history tells of it, in %s colours',
  async (colorScheme) => {
    const name = colorScheme === 'light' ? 'Omar' : 'Yusuf';
    const twins = await makeTwins(name);
    const { page, faults, close } = await openWindow(browser, { colorScheme });
    await signIn(page, master.url);
    const dialog = await openMerge(page, twins, name);
    expect(await findBarriers(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Compare them' }).click();
    const comment = dialog.getByRole('radiogroup', { name: 'Comment' });
    await comment.getByRole('radio', { name: /new words/ }).check();
    await dialog.getByText('Both have an external id.').waitFor();
    await dialog.getByRole('checkbox', { name: /^Keep Photo 2 of 2/ }).uncheck();
    expect(await findBarriers(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Merge them' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(await read(twins.kept)).toMatchObject({
      name: `${name} Al-Rashid`,
      comment: 'new words',
      external_id: `${name}-1`,
      meta: { car: 'red' },
      face_count: 2,
    });
    expect(await statusOf(twins.other)).toBe(404);
    const history = page.getByRole('region', { name: 'History' });
    await history.getByText(`admin merged “${name} Alrashid” into it`).waitFor();
    await history.getByText(`What “${name} Alrashid” was`).click();
    await history.getByText(`${name}-2`).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(faults).toEqual([]);
    await close();
  },
);

test('a merge of what somebody else has changed meanwhile is refused, and both can be looked at again', async () => {
  const twins = await makeTwins('Salim');
  const { page, close } = await openWindow(browser);
  await signIn(page, master.url);
  const dialog = await openMerge(page, twins, 'Salim');
  await dialog.getByRole('button', { name: 'Compare them' }).click();
  await dialog.getByRole('radiogroup', { name: 'Comment' }).waitFor();
  await master.call('PATCH', `/dossiers/${twins.other}/`, { comment: 'newest words' });
  await dialog.getByRole('button', { name: 'Merge them' }).click();
  await dialog.getByRole('alert').getByText('was changed since it was read').waitFor();
  expect(await statusOf(twins.other)).toBe(200);
  await dialog.getByRole('button', { name: 'Look at both again' }).click();
  await dialog
    .getByRole('radiogroup', { name: 'Comment' })
    .getByRole('radio', { name: /newest words/ })
    .check();
  await dialog.getByRole('button', { name: 'Merge them' }).click();
  await dialog.waitFor({ state: 'hidden' });
  expect(await read(twins.kept)).toMatchObject({ comment: 'newest words', face_count: 3 });
  await close();
});
