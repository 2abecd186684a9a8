import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { createTestDatabase } from '../kit/database.ts';
import { pagesOf } from '../kit/pages.ts';
import { openSampleSite, viewer } from '../kit/sample-site.ts';
import type { SampleSite } from '../kit/sample-site.ts';

let browser: Browser;
let site: SampleSite;

beforeAll(async () => {
  [browser, site] = await Promise.all([startBrowser(), openSampleSite(createTestDatabase)]);
});

afterAll(async () => {
  await browser?.close();
  await site?.remove();
});

test('a phone of 375 pixels shows the overview without being pushed sideways', async () => {
  const { page, close } = await openWindow(browser, { viewport: { width: 375, height: 740 } });
  await signIn(page, site.slave.url);
  await page
    .getByText(/Equal to the master as of/)
    .first()
    .waitFor();
  const sizes = (await page.evaluate('({ inner: window.innerWidth, content: document.documentElement.scrollWidth })')) as {
    inner: number;
    content: number;
  };
  expect(sizes.content).toBeLessThanOrEqual(sizes.inner);
  expect(await findBarriers(page)).toEqual([]);
  await close();
});

test('the interface speaks the language of the browser, and the one that is chosen from then on', async () => {
  const { page, close } = await openWindow(browser, { locale: 'ru-RU' });
  await page.goto(`${site.slave.url}/ui/`);
  await page.locator('input[name=name]').fill(viewer.name);
  await page.locator('input[name=password]').fill(viewer.password);
  await page.getByRole('button', { name: 'Войти' }).click();
  await page
    .getByText(/Совпадает с мастером по состоянию на/)
    .first()
    .waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('ru');
  await page.getByRole('button', { name: `Учётная запись: ${viewer.name}` }).click();
  await page.getByLabel('Язык').selectOption('en');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await close();
});

/** What a viewer may press besides headings of tables: choices of what is shown, and the viewer's own tokens. */
const harmless = [
  'Views',
  'New token',
  'Change the password',
  'Set up an app…',
  'End this session',
  'End all others',
  'Removed',
  'Show more',
  'What it changed',
  'Export',
  'Views',
  'Back',
  'Print',
];

test('a viewer takes chosen dossiers out as a file, and is offered nothing else to do with them', async () => {
  const { page, close } = await openWindow(browser);
  await signIn(page, site.master.url, viewer);
  await page.goto(`${site.master.url}/ui/dossiers`);
  await page
    .getByRole('checkbox', { name: /^Select / })
    .nth(1)
    .check();
  const bar = page.getByRole('region', { name: 'What to do with the selected dossiers' });
  expect(await bar.getByRole('button', { name: /^(Change|Move|Delete)/ }).count()).toBe(0);
  await bar.getByRole('button', { name: 'Export…' }).click();
  await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'CSV, for spreadsheets' }).click()]);
  await close();
});

test('a viewer sees no control that would be refused', async () => {
  for (const node of ['master', 'slave'] as const) {
    const { page, close } = await openWindow(browser);
    await signIn(page, site[node].url, viewer);
    const pages = pagesOf(site).filter((each) => each.node === node && each.admin !== true && each.path.startsWith('/ui/'));
    for (const { name, path, shows } of pages) {
      await page.goto(site[node].url + path);
      await shows(page).waitFor({ state: 'attached' });
      // Headings sort what is there.
      const buttons = page.locator('#content, [role=dialog]').getByRole('button').and(page.locator(':not(th button)'));
      const controls = await buttons.allInnerTexts();
      expect([name, controls.filter((text) => text.trim() !== '' && !harmless.includes(text))]).toEqual([name, []]);
    }
    const links = await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts();
    for (const admin of ['Users', 'Audit', 'Webhooks', 'Settings', 'Queues (Bull Board)']) expect(links).not.toContain(admin);
    await close();
  }
});
