import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { cloneDatabase } from '../kit/database.ts';
import { startTestCluster } from '../kit/global-database.ts';
import { openPage, pagesOf } from '../kit/pages.ts';
import type { SitePage } from '../kit/pages.ts';
import { openSampleSite } from '../kit/sample-site.ts';
import type { SampleSite } from '../kit/sample-site.ts';

const folder = fileURLToPath(new URL('../../screenshots/', import.meta.url));

/** A way of looking at the pages, and those that are worth it. */
interface Look {
  readonly name: string;
  readonly options: BrowserContextOptions;
  readonly language?: 'ru';
  readonly only?: readonly string[];
}

const phone = { viewport: { width: 375, height: 812 } };
const looks: readonly Look[] = [
  { name: 'light', options: { colorScheme: 'light' } },
  { name: 'dark', options: { colorScheme: 'dark' } },
  { name: 'russian', options: { colorScheme: 'light' }, language: 'ru' },
  { name: 'phone', options: { colorScheme: 'light', ...phone } },
  { name: 'phone-dark', options: { colorScheme: 'dark', ...phone }, only: ['overview', 'watch-lists', 'account'] },
  { name: 'dark-russian', options: { colorScheme: 'dark' }, language: 'ru', only: ['overview', 'link-failed', 'link-held', 'settings'] },
  {
    name: 'phone-russian',
    options: { colorScheme: 'light', ...phone },
    language: 'ru',
    only: ['overview', 'link-held', 'link-failed', 'account'],
  },
];

/** Makes the pages that are opened from now on speak another language. */
async function speak(page: Page, language: string | undefined): Promise<void> {
  if (language !== undefined) await page.evaluate(`localStorage.setItem('dossier-language', '${language}')`);
}

async function take(browser: Browser, site: SampleSite, look: Look): Promise<void> {
  for (const node of ['slave', 'master'] as const) {
    const { url } = site[node];
    const pages = pagesOf(site).filter((each) => each.node === node && look.only?.includes(each.name) !== false);
    if (pages.length === 0) continue;
    const visitor = await openWindow(browser, look.options);
    if (node === 'slave') await takeSignIn(visitor.page, url, look);
    await signIn(visitor.page, url);
    await speak(visitor.page, look.language);
    for (const each of pages) await takePage(visitor.page, { ...each, url, look });
    await visitor.close();
  }
}

async function takeSignIn(page: Page, url: string, look: Look): Promise<void> {
  await page.goto(`${url}/ui/`);
  await speak(page, look.language);
  await page.reload();
  await page.locator('input[name=name]').waitFor();
  await page.screenshot({ path: join(folder, `${look.name}-sign-in.png`) });
  await page.evaluate('localStorage.clear()');
}

interface Shot extends SitePage {
  readonly url: string;
  readonly look: Look;
}

async function takePage(page: Page, { url, look, ...each }: Shot): Promise<void> {
  const size = look.options.viewport ?? { width: 1440, height: 900 };
  await page.setViewportSize(size);
  await openPage(page, url, each);
  // What is fixed to the window stays at its place in a window as high as the page.
  const height = await page.evaluate<number>('document.documentElement.scrollHeight');
  await page.setViewportSize({ ...size, height: Math.min(4000, Math.max(size.height, height)) });
  await page.screenshot({ path: join(folder, `${look.name}-${each.name}.png`) });
}

async function main(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const cluster = await startTestCluster();
  try {
    const site = await openSampleSite(() => cloneDatabase(cluster.url));
    const browser = await startBrowser();
    try {
      for (const look of looks) {
        await take(browser, site, look);
        process.stdout.write(`${look.name}: done\n`);
      }
    } finally {
      await browser.close();
      await site.remove();
    }
  } finally {
    await cluster.stop();
  }
  process.stdout.write(`The pictures are in ${folder}\n`);
}

await main();
