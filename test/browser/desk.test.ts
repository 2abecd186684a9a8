import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

const people = 1500;
/** The machine may be busy with other things. */
const patient = { timeout: 10_000 };

let browser: Browser;
let node: NodeProcess;
let long: number;
let gate: number;

const nameOf = (index: number): string => `Person ${String(index).padStart(4, '0')}`;

beforeAll(async () => {
  [browser, node] = await Promise.all([startBrowser(), NodeProcess.create('desk', { topology: { workers: 'in the same process' } })]);
  long = await node.makeList('Long');
  await node.import(
    long,
    Array.from({ length: people }, (_, index) =>
      JSON.stringify({ external_id: `p-${index}`, name: nameOf(index), active: index % 2 === 0 }),
    ),
  );
  gate = await node.makeList('North gate');
  await node.makeDossier([gate], { name: 'Мохаммед Петров' });
  await node.makeDossier([gate], { name: 'Zoë Abel' });
});

afterAll(async () => {
  await browser?.close();
  await node?.remove();
});

/** As an administrator, at an address of the pages. */
async function visit(path: string, what: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): Promise<void> {
  const { page, faults, close } = await openWindow(browser, options);
  try {
    await signIn(page, node.url);
    await page.goto(`${node.url}/ui${path}`);
    await what(page);
    expect(faults).toEqual([]);
  } catch (error) {
    throw new Error(`${String(error)}\n${await page.locator('body').innerText()}`, { cause: error });
  } finally {
    await close();
  }
}

const heading = (page: Page, name: string): Locator => page.getByRole('columnheader', { name });
const dossierNamed = (page: Page, name: string): Locator => page.getByRole('dialog', { name });
const paramOf = (page: Page, name: string): string | null => new URL(page.url()).searchParams.get(name);
const firstRow = (page: Page): Locator => page.getByRole('row').nth(1);
const focused = (page: Page): Promise<string> => page.evaluate('document.activeElement?.textContent ?? ""');

describe('a table is sorted by its headings', () => {
  test('that of dossiers by the mouse and by keys, the order in the address; ranked while it is searched', async () => {
    await visit(`/dossiers?list=${long}`, async (page) => {
      await firstRow(page).getByText(nameOf(0)).waitFor();
      expect(await heading(page, 'Name').getAttribute('aria-sort')).toBe('none');
      await heading(page, 'Name').getByRole('button').click();
      await expect.poll(() => heading(page, 'Name').getAttribute('aria-sort'), patient).toBe('ascending');
      await heading(page, 'Name').getByRole('button').press('Enter');
      await firstRow(page)
        .getByText(nameOf(people - 1))
        .waitFor();
      expect(await heading(page, 'Name').getAttribute('aria-sort')).toBe('descending');
      expect(paramOf(page, 'order')).toBe('-name');
      expect(await findBarriers(page)).toEqual([]);
      await page.reload();
      await firstRow(page)
        .getByText(nameOf(people - 1))
        .waitFor();
      await heading(page, 'Name').getByRole('button').click();
      await firstRow(page).getByText(nameOf(0)).waitFor();
      expect(paramOf(page, 'order')).toBeNull();
      await page.getByLabel('Search', { exact: true }).fill(nameOf(7));
      await heading(page, 'Name · best first').waitFor();
      expect(await page.locator('th button').count()).toBe(0);
      expect(await page.locator('th[aria-sort]').count()).toBe(0);
    });
  });

  test('and the page stays where it was scrolled to', async () => {
    await visit(
      '/watch-lists',
      async (page) => {
        await heading(page, 'Name').waitFor();
        await page.evaluate('window.scrollTo(0, 60)');
        await heading(page, 'Name').getByRole('button').dispatchEvent('click');
        await expect.poll(() => heading(page, 'Name').getAttribute('aria-sort'), patient).toBe('ascending');
        // Rows that change places may move it a little.
        expect(await page.evaluate('window.scrollY')).toBeGreaterThan(0);
      },
      { viewport: { width: 1280, height: 300 } },
    );
  });

  test('that of watch lists, too, and back to how it was', async () => {
    await visit('/watch-lists', async (page) => {
      await firstRow(page).getByText('Long').waitFor();
      await heading(page, 'Dossiers').getByRole('button').click();
      await firstRow(page).getByText('North gate').waitFor();
      expect(paramOf(page, 'sort')).toBe('dossiers');
      await heading(page, 'Dossiers').getByRole('button').click();
      await firstRow(page).getByText('Long').waitFor();
      expect(await heading(page, 'Dossiers').getAttribute('aria-sort')).toBe('descending');
      expect(await findBarriers(page)).toEqual([]);
      await heading(page, 'Dossiers').getByRole('button').click();
      await expect.poll(() => paramOf(page, 'sort'), patient).toBeNull();
    });
  });
});

test('every table of some rows is sorted by its first heading', async () => {
  for (const path of ['/users', '/tokens', '/settings', '/account']) {
    await visit(path, async (page) => {
      const first = page.getByRole('columnheader').first();
      await first.getByRole('button').click();
      await expect.poll(() => first.getAttribute('aria-sort'), patient).toBe('ascending');
      expect(await findBarriers(page)).toEqual([]);
    });
  }
});

describe('by keys', () => {
  test('one comes into the search box, and nowhere while one types', async () => {
    await visit('/dossiers', async (page) => {
      await firstRow(page).waitFor();
      await page.keyboard.press('/');
      const box = page.getByLabel('Search', { exact: true });
      await expect.poll(() => page.evaluate('document.activeElement?.getAttribute("type")'), patient).toBe('search');
      await page.keyboard.type('a/b?');
      expect(await box.inputValue()).toBe('a/b?');
      expect(await page.getByRole('dialog').count()).toBe(0);
    });
  });

  test('one comes to a page, a list and a person, from wherever one is', async () => {
    await visit('/', async (page) => {
      const palette = page.getByRole('dialog', { name: 'Go to a page, a list or a person' });
      const box = palette.getByRole('combobox');
      await page.getByRole('button', { name: 'Go to…' }).waitFor();
      await page.keyboard.press('Control+k');
      await palette.getByRole('option', { name: 'Users' }).waitFor();
      expect(await findBarriers(page)).toEqual([]);
      await box.fill('watch li');
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/ui\/watch-lists/);

      await page.keyboard.press('Control+k');
      await box.fill('north');
      await palette.getByRole('option', { name: 'North gate' }).waitFor();
      await page.keyboard.press('Enter');
      await page.waitForURL((url) => url.searchParams.get('list') === String(gate));

      await page.keyboard.press('Control+k');
      await box.fill('muham');
      await palette.getByRole('option', { name: 'Мохаммед Петров' }).waitFor();
      expect(await findBarriers(page)).toEqual([]);
      await page.keyboard.press('Enter');
      await dossierNamed(page, 'Мохаммед Петров').waitFor();
      expect(paramOf(page, 'q')).toBe('muham');
      await page.keyboard.press('Escape');
      await dossierNamed(page, 'Мохаммед Петров').waitFor({ state: 'detached' });

      await page.getByRole('button', { name: 'Go to…' }).click();
      await palette.waitFor();
      await page.keyboard.press('Escape');
      await palette.waitFor({ state: 'detached' });
      await expect.poll(() => page.evaluate('document.activeElement?.getAttribute("aria-label")'), patient).toBe('Go to…');
    });
  });

  test('the palette closes by the key that opened it, and over a dossier alone; a screen reader is told what is marked', async () => {
    await visit(`/dossiers?list=${gate}`, async (page) => {
      await page.getByRole('link', { name: 'Мохаммед Петров' }).click();
      const drawer = dossierNamed(page, 'Мохаммед Петров');
      await drawer.waitFor();
      const palette = page.getByRole('dialog', { name: 'Go to a page, a list or a person' });
      const box = palette.getByRole('combobox');
      await page.keyboard.press('Control+k');
      await palette.getByRole('option', { name: 'Users' }).waitFor();
      const marked = async (): Promise<string> => page.locator(`[id="${await box.getAttribute('aria-activedescendant')}"]`).innerText();
      await expect.poll(marked, patient).toBe('Overview');
      await page.keyboard.press('ArrowDown');
      await expect.poll(marked, patient).toBe('Watch lists');
      await page.keyboard.press('Control+k');
      await palette.waitFor({ state: 'detached' });

      await page.keyboard.press('Control+k');
      await palette.getByRole('button', { name: 'Close' }).focus();
      await page.keyboard.press('Escape');
      await palette.waitFor({ state: 'detached' });
      expect(await drawer.isVisible()).toBe(true);

      await page.keyboard.press('Control+k');
      await box.fill('abel');
      await palette.getByRole('option', { name: 'Zoë Abel' }).waitFor();
      await page.keyboard.press('Enter');
      await dossierNamed(page, 'Zoë Abel').waitFor();
      await expect.poll(() => page.evaluate('document.activeElement?.closest("[role=dialog]") !== null'), patient).toBe(true);

      await page.keyboard.press('Control+k');
      await box.fill('users');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor();
      await expect.poll(() => page.evaluate('document.activeElement?.id'), patient).toBe('content');
    });
  });

  test('a search that somebody else’s words overtook is broken off', async () => {
    await visit('/', async (page) => {
      const broken: string[] = [];
      page.on('requestfailed', (request) => broken.push(request.url()));
      const release = Promise.withResolvers<void>();
      await page.route(/q=person/, async (route) => {
        await release.promise;
        await route.continue().catch(() => undefined);
      });
      await page.getByRole('button', { name: 'Go to…' }).click();
      const asked = page.waitForRequest(/q=person/);
      await page.getByRole('combobox', { name: 'Page, watch list or person' }).fill('person');
      await asked;
      await page.getByRole('combobox', { name: 'Page, watch list or person' }).fill('abel');
      await page.getByRole('option', { name: 'Zoë Abel' }).waitFor();
      expect(await page.getByRole('option', { name: /Person/ }).count()).toBe(0);
      await expect.poll(() => broken.some((url) => url.includes('q=person')), patient).toBe(true);
      release.resolve();
    });
  });

  test('one learns which keys there are', async () => {
    await visit('/settings', async (page) => {
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.keyboard.press('?');
      const help = page.getByRole('dialog', { name: 'Keys' });
      await help.getByText('Next dossier').waitFor();
      expect(await findBarriers(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await help.waitFor({ state: 'detached' });

      await page.getByRole('button', { name: /^Account/ }).click();
      await page.getByRole('button', { name: 'Keys' }).click();
      await help.getByText('Next dossier').waitFor();
      await page.keyboard.press('Escape');
      await help.waitFor({ state: 'detached' });
      await expect.poll(() => page.evaluate('document.activeElement?.getAttribute("aria-label")'), patient).toMatch(/^Account/);
    });
  });
});

describe('from dossier to dossier', () => {
  test('it goes by buttons and keys as they stand in the table, and the focus is with whom one saw last', async () => {
    await visit(`/dossiers?list=${long}&order=-name`, async (page) => {
      await page.getByRole('link', { name: nameOf(people - 1) }).click();
      const first = dossierNamed(page, nameOf(people - 1));
      await first.waitFor();
      expect(await first.getByRole('button', { name: 'Previous dossier' }).getAttribute('aria-disabled')).toBe('true');
      expect(await findBarriers(page)).toEqual([]);
      await first.getByRole('button', { name: 'Next dossier' }).click();
      await dossierNamed(page, nameOf(people - 2)).waitFor();
      for (let step = 3; step <= 40; step += 1) {
        await page.keyboard.press(step % 2 === 0 ? 'j' : 'ArrowRight');
        await dossierNamed(page, nameOf(people - step)).waitFor();
      }
      await page.keyboard.press('k');
      await dossierNamed(page, nameOf(people - 39)).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await expect.poll(() => focused(page), patient).toBe(nameOf(people - 39));
      // Through the table, not through all that were seen.
      await page.goBack();
      expect(paramOf(page, 'open')).toBeNull();
    });
  });

  test('letters that are typed in the form of a dossier stay there', async () => {
    await visit(`/dossiers?list=${gate}`, async (page) => {
      await page.getByRole('link', { name: 'Мохаммед Петров' }).click();
      await dossierNamed(page, 'Мохаммед Петров').getByRole('button', { name: 'Edit' }).click();
      const form = page.getByRole('dialog', { name: /^Edit/ });
      await form.getByLabel('Comment').pressSequentially('jk jk');
      expect(await form.getByLabel('Comment').inputValue()).toBe('jk jk');
      expect(paramOf(page, 'open')).not.toBeNull();
    });
  });

  test('behind the last that is loaded the next page is read', async () => {
    const found = await node.dossiers(long);
    await visit(`/dossiers?list=${long}&order=name&open=${found[99]?.id}`, async (page) => {
      await dossierNamed(page, nameOf(99)).waitFor();
      await page.getByRole('row', { name: new RegExp(nameOf(99)), includeHidden: true }).waitFor({ state: 'attached' });
      await page.keyboard.press('j');
      await dossierNamed(page, nameOf(100)).waitFor();
    });
  });

  test('nobody is pulled back into a dossier that was closed while the next page was read', async () => {
    const found = await node.dossiers(long);
    await visit('/watch-lists', async (page) => {
      const release = Promise.withResolvers<void>();
      await page.route(/limit=500/, async (route) => {
        await release.promise;
        await route.continue();
      });
      const asked = page.waitForRequest(/limit=500/);
      await page.goto(`${node.url}/ui/dossiers?list=${long}&order=name&open=${found[99]?.id}`);
      await dossierNamed(page, nameOf(99)).waitFor();
      await page.getByRole('row', { name: new RegExp(nameOf(99)), includeHidden: true }).waitFor({ state: 'attached' });
      await page.keyboard.press('j');
      const request = await asked;
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      release.resolve();
      await (await request.response())?.finished();
      await page.getByText(/^The first (600|1,100) of/).waitFor();
      expect(paramOf(page, 'open')).toBeNull();
    });
  });
});

describe('a view', () => {
  test('is saved under a name, gone to, renamed and removed, by this person in this browser', async () => {
    await visit(`/dossiers?list=${long}&active=false&order=-name`, async (page) => {
      await firstRow(page)
        .getByText(nameOf(people - 1))
        .waitFor();
      await page.getByRole('button', { name: 'Views' }).click();
      const menu = page.getByRole('dialog', { name: /^Views/ });
      await menu.getByLabel('Name of the view').fill('Not watched');
      expect(await findBarriers(page)).toEqual([]);
      await menu.getByRole('button', { name: 'Save this view' }).click();
      await page.getByRole('button', { name: 'Views: Not watched' }).waitFor();

      await page.getByLabel('Search', { exact: true }).fill('abel');
      await page.getByRole('button', { name: 'Views', exact: true }).waitFor();
      await page.goto(`${node.url}/ui/dossiers`);
      await page.getByRole('button', { name: 'Views', exact: true }).click();
      await menu.getByRole('link', { name: 'Not watched' }).click();
      await firstRow(page)
        .getByText(nameOf(people - 1))
        .waitFor();
      expect(['list', 'active', 'order'].map((name) => paramOf(page, name))).toEqual([String(long), 'false', '-name']);

      await page.getByRole('button', { name: 'Views: Not watched' }).click();
      await menu.getByRole('button', { name: 'Rename the view Not watched' }).click();
      await menu.getByLabel('New name of Not watched').fill('Inactive');
      await menu.getByRole('button', { name: 'Save', exact: true }).click();
      await menu.getByRole('link', { name: 'Inactive' }).waitFor();
      await expect.poll(() => focused(page), patient).toBe('Inactive');
      expect(await findBarriers(page)).toEqual([]);

      // A name that is taken makes the view this one.
      await page.keyboard.press('Escape');
      await page.getByLabel('State').selectOption('Active');
      await page.getByRole('button', { name: 'Views', exact: true }).click();
      await menu.getByLabel('Name of the view').fill('Inactive');
      await menu.getByRole('button', { name: 'Replace this view' }).click();
      await page.getByRole('button', { name: 'Views: Inactive' }).click();

      await menu.getByRole('button', { name: 'Remove the view Inactive' }).click();
      await page.getByText('The view “Inactive” is removed.').waitFor();
      expect(await menu.getByRole('link').count()).toBe(0);
      await expect.poll(() => page.evaluate('document.activeElement?.tagName'), patient).toBe('INPUT');
      await page.getByRole('button', { name: 'Undo' }).click();
      await page.getByRole('button', { name: 'Views: Inactive' }).waitFor();
    });
  });
});

describe('how many there are', () => {
  test('is told under plain filters before all are loaded', async () => {
    await visit(`/dossiers?list=${long}&active=true`, async (page) => {
      await page.getByText(/^The first \d+ of 750 dossiers/).waitFor();
    });
    await visit(`/dossiers?valid=now`, async (page) => {
      await page.getByText(/^The first \d+ of 1,502 dossiers/).waitFor();
    });
  });
});

describe('a selection', () => {
  test('is exported as it was chosen', async () => {
    await visit(`/dossiers?list=${long}`, async (page) => {
      await page.getByRole('checkbox', { name: `Select ${nameOf(3)}` }).check();
      await page.getByRole('checkbox', { name: `Select ${nameOf(5)}` }).check();
      const bar = page.getByRole('region', { name: 'What to do with the selected dossiers' });
      await bar.getByRole('button', { name: 'Export…' }).click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name: 'CSV, for spreadsheets' }).click(),
      ]);
      const text = await readFile(await download.path(), 'utf8');
      expect(
        text
          .trimEnd()
          .split('\r\n')
          .map((line) => line.split(',')[0]),
      ).toEqual(['\ufeffexternal_id', 'p-3', 'p-5']);
    });
  });
});

describe('on a phone', () => {
  const phone = { viewport: { width: 375, height: 812 } };

  test('the search comes first, the filters are folded, and a row is read without scrolling sideways', async () => {
    await visit(
      `/dossiers?list=${long}`,
      async (page) => {
        const row = page.getByRole('row', { name: new RegExp(nameOf(0)) });
        await row.getByText('Long').waitFor();
        const box = await page.getByLabel('Search', { exact: true }).boundingBox();
        expect((box?.y ?? 999) + (box?.height ?? 0)).toBeLessThan(400);
        expect((await row.boundingBox())?.width).toBeLessThanOrEqual(375);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);
        expect(await page.getByLabel('State').isVisible()).toBe(false);
        expect(await findBarriers(page)).toEqual([]);
        await page.getByRole('button', { name: /^Filters/ }).click();
        await page.getByLabel('State').selectOption('Inactive');
        await page.getByRole('row', { name: new RegExp(nameOf(1)) }).waitFor();
        expect(await findBarriers(page)).toEqual([]);
      },
      phone,
    );
  });
});

describe('times', () => {
  test('have seconds for who wants them, without a pointer', async () => {
    await visit(`/dossiers?list=${gate}`, async (page) => {
      const time = firstRow(page).locator('time');
      await time.waitFor();
      expect(await time.innerText()).toMatch(/^\d\d:\d\d$/);
      await page.getByRole('button', { name: /^Account/ }).click();
      await page.getByRole('combobox', { name: 'Times', exact: true }).focus();
      await page.keyboard.press('ArrowDown');
      await expect.poll(() => time.innerText(), patient).toMatch(/^\d\d:\d\d:\d\d$/);
      expect(await findBarriers(page)).toEqual([]);
      await page.reload();
      await expect.poll(() => time.innerText(), patient).toMatch(/^\d\d:\d\d:\d\d$/);
    });
  });
});
