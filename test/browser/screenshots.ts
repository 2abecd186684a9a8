import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { cloneDatabase } from '../kit/database.ts';
import { startTestCluster } from '../kit/global-database.ts';
import { dialogPagesOf } from '../kit/dialog-pages.ts';
import { openPage, pagesOf } from '../kit/pages.ts';
import type { SitePage } from '../kit/pages.ts';
import { openSampleSite } from '../kit/sample-site.ts';
import type { SampleSite } from '../kit/sample-site.ts';

const folder = fileURLToPath(new URL('../../screenshots/', import.meta.url));

/** A way of looking at the pages. */
interface Look {
  readonly name: string;
  readonly options: BrowserContextOptions;
  readonly language: 'en' | 'ru';
}

const windows: Readonly<Record<string, BrowserContextOptions>> = {
  '1440': { viewport: { width: 1440, height: 900 } },
  '1024': { viewport: { width: 1024, height: 768 } },
  '375': { viewport: { width: 375, height: 812 } },
  // A window of 1440 pixels whose pages are shown at twice their size.
  '200-percent': { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 },
};

const looks: readonly Look[] = (['en', 'ru'] as const).flatMap((language) =>
  (['light', 'dark'] as const).flatMap((colorScheme) =>
    Object.entries(windows).map(([size, options]) => ({
      name: `${language}-${colorScheme}-${size}`,
      options: { ...options, colorScheme },
      language,
    })),
  ),
);

/** Makes the pages that are opened from now on speak another language. */
async function speak(page: Page, language: string): Promise<void> {
  await page.evaluate(`localStorage.setItem('dossier-language', '${language}')`);
}

async function take(browser: Browser, site: SampleSite, look: Look): Promise<void> {
  for (const node of ['slave', 'master'] as const) {
    const { url } = site[node];
    const pages = [...pagesOf(site), ...dialogPagesOf(site)].filter((each) => each.node === node && isWanted(`${look.name}-${each.name}`));
    if (pages.length === 0) continue;
    const visitor = await openWindow(browser, look.options);
    if (node === 'slave') await takeSignIn(visitor.page, url, look);
    await signIn(visitor.page, url);
    await speak(visitor.page, look.language);
    for (const each of pages) {
      await takePage(visitor.page, { ...each, url, look }).catch((error: unknown) => {
        process.exitCode = 1;
        process.stdout.write(`${look.name}-${each.name}: ${String(error)}\n`);
      });
    }
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

/** Pictures whose names have all words that the command was given. */
function isWanted(name: string): boolean {
  return process.argv.slice(2).every((word) => name.includes(word));
}

async function takePage(page: Page, { url, look, ...each }: Shot): Promise<void> {
  const size = look.options.viewport ?? { width: 1440, height: 900 };
  await page.setViewportSize(size);
  await openPage(page, url, each);
  // What is fixed to the window stays at its place in a window as high as the page.
  const height = each.opens === undefined ? await page.evaluate<number>('document.documentElement.scrollHeight') : 0;
  await page.setViewportSize({ ...size, height: Math.min(4000, Math.max(size.height, height)) });
  await page.screenshot({ path: join(folder, `${look.name}-${each.name}.png`) });
}

async function main(): Promise<void> {
  if (process.argv.length === 2) await rm(folder, { recursive: true, force: true });
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
