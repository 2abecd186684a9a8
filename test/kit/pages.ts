import type { Locator, Page } from 'playwright-core';
import type { SampleSite } from './sample-site.ts';

/** A page of the web interface of one of the nodes. */
export interface SitePage {
  /** Names it in reports and file names. */
  readonly name: string;
  readonly node: 'master' | 'slave';
  readonly path: string;
  /** What is there when the page has loaded all that it shows. */
  readonly shows: (page: Page) => Locator;
  /** What a person does there to see it. */
  readonly opens?: (page: Page) => Promise<void>;
  /** Viewers don't get there. */
  readonly admin?: boolean;
  /** Bull Board's, whose markup is its own: errors and requests to others count, barriers don't. */
  readonly foreign?: boolean;
}

const rows = (page: Page): Locator => page.getByRole('row').nth(1);
const title = (page: Page): Locator => page.getByRole('heading', { level: 1 });
const dialog = (page: Page): Locator => page.getByRole('dialog').getByRole('button').first();

/** Every page, with what is special to a master and to a slave, and the dialogs that an address opens. */
export function pagesOf({ lists, dossiers, sites }: SampleSite): SitePage[] {
  const slave = (name: string, path: string, shows = rows): SitePage => ({ name, node: 'slave', path, shows });
  const master = (name: string, path: string, shows = rows): SitePage => ({ name, node: 'master', path, shows });
  const forAdmin = (page: SitePage): SitePage => ({ ...page, admin: true });
  const site = (id: number, open = ''): string => `/ui/sites/${id}${open && `?open=${open}`}`;
  const link = (list: number): string => `/ui/replication/${list}`;
  return [
    slave('overview', '/ui/', (page) => page.getByText('Regular visitors')),
    slave('watch-lists', '/ui/watch-lists'),
    slave('dossiers', '/ui/dossiers'),
    slave('dossiers-photos', `/ui/dossiers?list=${lists.synced}&view=photos&order=name`, (page) => page.locator('main img').nth(6)),
    slave('dossier', `/ui/dossiers?open=${dossiers.slave}`, (page) => page.getByRole('dialog').locator('img').first()),
    slave('card', `/ui/dossiers/${dossiers.slave}/card`, (page) => page.locator('article img')),
    slave('imports', '/ui/imports', title),
    slave('replication', '/ui/replication'),
    forAdmin(slave('replication-enable', '/ui/replication?enable=true', dialog)),
    forAdmin(slave('replication-join', '/ui/replication?join=true', dialog)),
    slave('link-synced', link(lists.synced)),
    slave('link-held', link(lists.held)),
    slave('link-failed', link(lists.failed)),
    slave('dead-letters', '/ui/dead-letters'),
    slave('offline-deletions', '/ui/offline-deletions'),
    forAdmin(slave('users', '/ui/users')),
    slave('tokens', '/ui/tokens'),
    slave('account', '/ui/account'),
    forAdmin(slave('audit', '/ui/audit')),
    forAdmin(slave('webhooks', '/ui/webhooks')),
    forAdmin(slave('settings', '/ui/settings')),
    slave('not-found', '/ui/nowhere', title),
    slave('reference', '/docs/', (page) => page.locator('.opblock').first()),
    { ...forAdmin(slave('queues', '/queues/', (page) => page.getByRole('link', { name: /sync/ }).first())), foreign: true },
    master('master-overview', '/ui/', (page) => page.getByText('Wanted persons')),
    master('master-watch-lists', '/ui/watch-lists'),
    master('master-dossiers', '/ui/dossiers'),
    master('master-dossier', `/ui/dossiers?open=${dossiers.master}`, (page) => page.getByRole('dialog').locator('img').first()),
    forAdmin(master('master-bin', '/ui/bin')),
    master('master-replication', '/ui/replication'),
    master('sites', '/ui/sites'),
    forAdmin(master('sites-invite', '/ui/sites?invite=true', dialog)),
    master('site-followed', site(sites.followed)),
    master('site-waiting', site(sites.waiting), title),
    master('site-cloned', site(sites.cloned), title),
    master('site-withdrawing', site(sites.withdrawing), title),
    master('site-invited', site(sites.invited), title),
    master('site-revoked', site(sites.revoked), title),
    forAdmin(master('site-accept', site(sites.waiting, 'accept'), dialog)),
    forAdmin(master('site-refuse', site(sites.waiting, 'refuse'), dialog)),
    forAdmin(master('site-rest', site(sites.cloned, 'rest'), dialog)),
    forAdmin(master('site-grant', site(sites.withdrawing, 'grant'), dialog)),
    forAdmin(master('site-revoke', site(sites.followed, 'revoke'), dialog)),
    forAdmin(master('site-rename', site(sites.followed, 'rename'), dialog)),
    forAdmin(master('site-take-back', site(sites.invited, 'take-back'), dialog)),
    master('master-dead-letters', '/ui/dead-letters', title),
    master('master-offline-deletions', '/ui/offline-deletions', title),
  ];
}

/** Opens a page and waits until nothing of it is still being loaded. */
export async function openPage(page: Page, url: string, { path, opens, shows }: SitePage): Promise<void> {
  await page.goto(url + path);
  await opens?.(page);
  // A phone hides some columns, not the rows.
  await shows(page).waitFor({ state: 'attached' });
  await page.locator('.mantine-Loader-root, .mantine-Skeleton-root').first().waitFor({ state: 'hidden' });
  await page.evaluate('Promise.all([...document.images].map((image) => image.decode().catch(() => undefined))).then(() => undefined)');
}
