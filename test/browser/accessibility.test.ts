import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import type { Visitor } from '../kit/browser.ts';
import { createTestDatabase } from '../kit/database.ts';
import { dialogPagesOf } from '../kit/dialog-pages.ts';
import { openPage, pagesOf } from '../kit/pages.ts';
import type { SitePage } from '../kit/pages.ts';
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

/** What is wrong with the pages that this person sees, a line each. */
async function faultsOf(colorScheme: 'light' | 'dark', user?: typeof viewer): Promise<string[]> {
  const faults: string[] = [];
  for (const node of ['slave', 'master'] as const) {
    const { url } = site[node];
    const visitor = await openWindow(browser, { colorScheme });
    try {
      await signIn(visitor.page, url, user);
      const pages = [...pagesOf(site), ...dialogPagesOf(site)].filter(
        (each) => each.node === node && (user === undefined || each.admin !== true),
      );
      for (const each of pages) faults.push(...(await visit(visitor, url, each)));
      faults.push(...[...visitor.origins].filter((origin) => origin !== url).map((origin) => `${node} asked ${origin}`));
    } finally {
      await visitor.close();
    }
  }
  return faults;
}

async function visit({ page, faults }: Visitor, url: string, each: SitePage): Promise<string[]> {
  faults.length = 0;
  await openPage(page, url, each);
  const barriers = each.foreign === true ? [] : await findBarriers(page);
  return [...barriers, ...faults].map((fault) => `${each.name}: ${fault}`);
}

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  test('the page that asks who is there has no barrier', async () => {
    const visitor = await openWindow(browser, { colorScheme });
    try {
      await visitor.page.goto(`${site.slave.url}/ui/`);
      await visitor.page.getByRole('button', { name: 'Sign in' }).waitFor();
      expect(await findBarriers(visitor.page)).toEqual([]);
      expect(visitor.faults).toEqual([]);
      expect([...visitor.origins]).toEqual([site.slave.url]);
    } finally {
      await visitor.close();
    }
  });

  test('no page has a barrier, an error or a request to anybody else, for an administrator', async () => {
    expect(await faultsOf(colorScheme)).toEqual([]);
  });

  test('nor have what keys open and the views of the dossiers, also on a phone', async () => {
    for (const width of [1280, 375]) {
      const visitor = await openWindow(browser, { colorScheme, viewport: { width, height: 812 } });
      const { page, faults } = visitor;
      try {
        await signIn(page, site.master.url);
        await page.goto(`${site.master.url}/ui/dossiers?open=${site.dossiers.master}`);
        await page.getByRole('dialog').getByRole('button', { name: 'Next dossier' }).waitFor();
        expect(await findBarriers(page)).toEqual([]);
        await page.goto(`${site.master.url}/ui/dossiers?order=-name`);
        await page.getByRole('row').nth(1).waitFor();
        await page.getByRole('button', { name: 'Views' }).click();
        await page.getByRole('dialog', { name: 'Views' }).waitFor();
        expect(await findBarriers(page)).toEqual([]);
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        await page.keyboard.press('Control+k');
        await page.getByRole('combobox', { name: 'Page, watch list or person' }).fill('an');
        await page.getByRole('option', { name: /^All who are found/ }).waitFor();
        expect(await findBarriers(page)).toEqual([]);
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        await page.keyboard.press('?');
        await page.getByRole('dialog', { name: 'Keys' }).waitFor();
        expect(await findBarriers(page)).toEqual([]);
        expect(faults).toEqual([]);
      } finally {
        await visitor.close();
      }
    }
  });

  test('nor for a viewer', async () => {
    expect(await faultsOf(colorScheme, viewer)).toEqual([]);
  });
});
