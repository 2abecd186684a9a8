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

  test('nor for a viewer', async () => {
    expect(await faultsOf(colorScheme, viewer)).toEqual([]);
  });
});
