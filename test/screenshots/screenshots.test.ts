import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { makeSites } from '../kit/sites.ts';
import type { Sites } from '../kit/sites.ts';

const folder = fileURLToPath(new URL('../../screenshots', import.meta.url));

/** Nothing is still being loaded. */
const settled = '[...document.images].every((image) => image.complete) && document.querySelector(".mantine-Skeleton-root") === null';

let browser: Browser;
let sites: Sites;

beforeAll(async () => {
  [browser, sites] = await Promise.all([startBrowser(), makeSites(), mkdir(folder, { recursive: true })]);
});

afterAll(async () => {
  await browser?.close();
  await sites?.remove();
});

test.each(['light', 'dark'] as const)('pictures of every page (%s)', async (colorScheme) => {
  for (const site of ['master', 'slave'] as const) {
    const { page, close } = await openWindow(browser, { colorScheme });
    await page.goto(`${sites[site].url}/ui/`);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await page.screenshot({ path: `${folder}/${site}-sign-in-${colorScheme}.png` });
    await signIn(page, sites[site].url);
    for (const { name, path, shown } of sites.views(site)) {
      await page.goto(`${sites[site].url}/ui${path}`);
      await shown(page);
      await expect.poll(() => page.evaluate(settled)).toBe(true);
      await page.screenshot({ path: `${folder}/${site}-${name}-${colorScheme}.png` });
    }
    await close();
  }
});

test('a picture of the overview on a phone', async () => {
  const { page, close } = await openWindow(browser, { viewport: { width: 375, height: 740 }, deviceScaleFactor: 2 });
  await signIn(page, sites.slave.url);
  await page
    .getByText(/Equal to the master as of/)
    .first()
    .waitFor();
  await page.screenshot({ path: `${folder}/phone-overview.png`, fullPage: true });
  await close();
});
