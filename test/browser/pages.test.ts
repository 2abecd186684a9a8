import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { makeSites } from '../kit/sites.ts';
import type { Sites } from '../kit/sites.ts';

let browser: Browser;
let sites: Sites;

beforeAll(async () => {
  [browser, sites] = await Promise.all([startBrowser(), makeSites()]);
});

afterAll(async () => {
  await browser?.close();
  await sites?.remove();
});

test.each(['light', 'dark'] as const)('no page keeps anybody out (%s)', async (colorScheme) => {
  for (const site of ['master', 'slave'] as const) {
    const visitor = await openWindow(browser, { colorScheme });
    const { page } = visitor;
    const url = sites[site].url;
    await page.goto(`${url}/ui/`);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await findBarriers(page), `${site}: sign-in`).toEqual([]);
    await signIn(page, url);
    for (const { name, path, shown } of sites.views(site)) {
      await page.goto(`${url}/ui${path}`);
      await shown(page);
      expect(await findBarriers(page), `${site}: ${name}`).toEqual([]);
    }
    expect(visitor.faults).toEqual([]);
    expect([...visitor.origins]).toEqual([url]);
    await visitor.close();
  }
});

test('a phone of 375 pixels shows the overview without being pushed sideways', async () => {
  const visitor = await openWindow(browser, { viewport: { width: 375, height: 740 } });
  const { page } = visitor;
  await signIn(page, sites.slave.url);
  await page
    .getByText(/Equal to the master as of/)
    .first()
    .waitFor();
  const { inner, content } = await page.evaluate<{ inner: number; content: number }>(
    '({ inner: window.innerWidth, content: document.documentElement.scrollWidth })',
  );
  expect(content).toBeLessThanOrEqual(inner);
  expect(await findBarriers(page)).toEqual([]);
  await visitor.close();
});

test('the interface speaks Russian, and keeps doing so', async () => {
  const visitor = await openWindow(browser, { locale: 'ru-RU' });
  const { page } = visitor;
  await page.goto(`${sites.slave.url}/ui/`);
  await page.locator('input[name=name]').fill('admin');
  await page.locator('input[name=password]').fill('correct-horse-battery');
  await page.getByRole('button', { name: 'Войти' }).click();
  await page
    .getByText(/Совпадает с мастером по состоянию на \d\d:\d\d/)
    .first()
    .waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('ru');
  await page.getByRole('button', { name: /admin/ }).click();
  await page.getByLabel('Язык').selectOption('en');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await visitor.close();
});

test('a viewer sees no control that would be refused', async () => {
  const { name, password } = sites.viewer;
  for (const site of ['master', 'slave'] as const) {
    const visitor = await openWindow(browser);
    const { page } = visitor;
    const url = sites[site].url;
    await signIn(page, url, { name, password });
    const controls = [];
    for (const { path, shown, role } of sites.views(site)) {
      if (role !== undefined) continue;
      await page.goto(`${url}/ui${path}`);
      await shown(page);
      controls.push(...(await page.locator('#content, [role=dialog]').getByRole('button').allInnerTexts()));
    }
    const links = await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts();
    expect(links).not.toContain('Users');
    expect(links).not.toContain('Queues (Bull Board)');
    // What remains looks, filters and manages the viewer's own tokens.
    expect([...new Set(controls.filter((text) => text.trim() !== ''))].toSorted()).toEqual(
      site === 'master' ? ['New token'] : ['New token', 'Removed'],
    );
    await visitor.close();
  }
});
