import { openWindow, signIn, startBrowser } from '@dossier/test/kit/browser.ts';
import type { Visitor } from '@dossier/test/kit/browser.ts';
import { attempt } from './context.ts';
import type { BenchContext } from './context.ts';
import { fillList, settle } from './fill.ts';
import { sharePhotos } from './photo-set.ts';
import { quantile } from './statistics.ts';
import { mediaRootOf } from './workshop.ts';
import type { BenchNode } from './workshop.ts';

/** How often a list is opened in a round. */
const openings = 7;
const scrolledWithinMs = 300_000;

/** The pages of a long list in Chromium: how soon its first rows are there, and what scrolling through all of it is answered with. */
export async function benchBrowser(context: BenchContext): Promise<void> {
  const { workshop, size, runs, tell, budget } = context;
  const photos = await sharePhotos(20, [mediaRootOf(workshop.folder, 'master')]);
  const node = await workshop.startNode('master');
  const list = await node.node.makeList('all');
  tell(`filling a list of ${size} dossiers for the browser`);
  await fillList(node, { id: list, name: 'all', count: size }, photos);
  await settle(node.databaseUrl);
  const browser = await startBrowser();
  const close = workshop.cleanup.defer('the browser', () => browser.close());
  for (let round = 1; round <= runs; round += 1) {
    if (!budget.allows(`round ${round} of ${runs} of "browser"`)) continue;
    tell(`browser, round ${round} of ${runs}`);
    await attempt(context, `browser, round ${round}`, async () => {
      const visitor = await openWindow(browser);
      try {
        await signIn(visitor.page, node.node.url);
        await measureRound(context, { visitor, node, list, round });
      } finally {
        await visitor.close();
      }
    });
  }
  await close();
  await node.remove();
}

interface Round {
  visitor: Visitor;
  node: BenchNode;
  list: number;
  round: number;
}

async function measureRound({ measures, size }: BenchContext, { visitor, node, list, round }: Round): Promise<void> {
  const { page } = visitor;
  const firstRows: number[] = [];
  for (let opened = 0; opened < openings; opened += 1) firstRows.push(await openList(page, { node, list }));

  const dropped: string[] = [];
  const answers: number[] = [];
  page.on('requestfailed', (request) => dropped.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (!response.ok()) dropped.push(`${response.url()}: ${response.status()}`);
  });
  page.on('requestfinished', (request) => {
    if (new URL(request.url()).pathname === '/dossiers/') answers.push(request.timing().responseEnd);
  });
  const scrolled = await page.evaluate<Scrolled>(scrollToEnd(size, scrolledWithinMs));
  measures.recordMedian('browser: first rows', { unit: 'ms', round, values: firstRows });
  measures.record('browser: scrolled through all', { unit: 's', round, value: scrolled.ms / 1000 });
  measures.record('browser: an answer while scrolling, p99', { unit: 'ms', round, value: quantile(answers, 0.99) });
  measures.record('browser: answers while scrolling', { unit: 'count', round, value: answers.length });
  measures.record('browser: the longest standstill', { unit: 'ms', round, value: scrolled.standstillMs });
  measures.record('browser: rows not shown', { unit: 'count', round, value: size - scrolled.rows });
  measures.record('browser: dropped answers and errors', { unit: 'count', round, value: dropped.length + visitor.faults.length });
  if (dropped.length > 0) measures.notes.push(`browser, round ${round}: ${dropped.slice(0, 3).join('; ')}`);
}

/** As a person gets to the list: a page is open, the list is chosen. Milliseconds until its first rows are drawn, with all that is fetched for them. */
async function openList(page: Visitor['page'], { node, list }: Pick<Round, 'node' | 'list'>): Promise<number> {
  await page.goto(`${node.node.url}/ui/watch-lists`);
  await page.getByRole('link', { name: 'all', exact: true }).waitFor();
  return page.evaluate<number>(untilRows(`a[href$="list=${list}"]`));
}

interface Scrolled {
  /** Rows that the table knew when its end was reached. */
  rows: number;
  ms: number;
  /** The longest time between two pictures. */
  standstillMs: number;
}

/** A script that follows a link and tells after how many milliseconds the table shows rows, the picture drawn. */
function untilRows(link: string): string {
  return `new Promise((resolve) => {
    const begun = performance.now();
    const look = () => {
      if (document.querySelector('td a[href*="open="]')) requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
      else requestAnimationFrame(look);
    };
    document.querySelector('${link}').click();
    look();
  })`;
}

/** A script that scrolls the table to its end again and again, at each picture, until the last row is in sight. */
function scrollToEnd(rows: number, withinMs: number): string {
  return `new Promise((resolve, reject) => {
    const begun = performance.now();
    const scroller = document.querySelector('[role=region]:has(table)');
    let last = begun;
    let standstillMs = 0;
    const step = (now) => {
      standstillMs = Math.max(standstillMs, now - last);
      last = now;
      scroller.scrollTop = scroller.scrollHeight;
      const shown = [...document.querySelectorAll('tr[aria-rowindex]')].at(-1);
      const reached = shown === undefined ? 0 : Number(shown.getAttribute('aria-rowindex')) - 1;
      if (reached >= ${rows}) resolve({ rows: reached, ms: performance.now() - begun, standstillMs });
      else if (now - begun > ${withinMs}) reject(new Error('after ${withinMs} ms only ' + reached + ' rows were there'));
      else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  })`;
}
