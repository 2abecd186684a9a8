import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { createTestDatabase } from '../kit/database.ts';
import { openSampleSite } from '../kit/sample-site.ts';
import type { SampleSite } from '../kit/sample-site.ts';

/* Users who are limited to one watch list: each page that they are offered works, and none that isn't for them is offered. */

let browser: Browser;
let site: SampleSite;
const password = 'only one list is mine';

beforeAll(async () => {
  [browser, site] = await Promise.all([startBrowser(), openSampleSite(createTestDatabase)]);
  for (const role of ['viewer', 'operator']) {
    const body = { name: `limited ${role}`, role, password, dossier_lists: [site.lists.synced] };
    expect(await site.slave.call('POST', '/users/', body)).toMatchObject({ status: 201, json: { dossier_lists: [site.lists.synced] } });
  }
});

afterAll(async () => {
  await browser?.close();
  await site?.remove();
});

/** Answers of the node that say no. */
function refusalsOf(page: Page): string[] {
  const refusals: string[] = [];
  page.on('response', (response) => {
    if (response.status() >= 400) refusals.push(`${response.status()} ${response.request().method()} ${response.url()} on ${page.url()}`);
  });
  return refusals;
}

test.each(['viewer', 'operator'])('a %s who is limited to a list sees it, and no page asks for what there is not', async (role) => {
  const { page, close } = await openWindow(browser);
  await signIn(page, site.slave.url, { name: `limited ${role}`, password });
  const refusals = refusalsOf(page);
  await page.reload();
  await page.getByRole('heading', { level: 1 }).waitFor();
  const links = page.getByRole('navigation').getByRole('link');
  const offered = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
  for (const gone of ['sites', 'bin', 'imports', 'dead-letters', 'offline-deletions', 'audit', 'users']) {
    expect(offered.filter((href) => href.endsWith(`/${gone}`))).toEqual([]);
  }
  for (const href of offered) {
    await page.goto(new URL(href, site.slave.url).href);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
  }
  await page.goto(`${site.slave.url}/ui/watch-lists`);
  await page.getByText('Wanted persons').first().waitFor();
  expect(await page.getByText('Regular visitors').count()).toBe(0);
  await page.goto(`${site.slave.url}/ui/dossiers?open=${site.dossiers.slave}`);
  await page.getByRole('dialog').waitFor();
  await page.waitForLoadState('networkidle');
  expect(refusals).toEqual([]);
  await close();
});
