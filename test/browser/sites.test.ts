import { query } from '@dossier/postgres/database.ts';
import { generateNodeKey } from '@dossier/protocol/node-key.ts';
import { linkSchema } from '@dossier/protocol/sync.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import type { Visitor } from '../kit/browser.ts';
import { keyboardOf, mouseOf } from '../kit/hand.ts';
import type { Hand } from '../kit/hand.ts';
import { NodeProcess } from '../kit/node-process.ts';

const replication = { INSTALLED_APPS: 'ffsecurity_sync' };
const viewer = { name: 'watcher', password: 'correct-horse-battery' };

let browser: Browser;
let master: NodeProcess;
/** Holds no SYNC_TOKEN. */
let invited: NodeProcess;
let another: NodeProcess;
/** Holds the same SYNC_TOKEN as the master. */
let holder: NodeProcess;
let wanted: number;
let barred: number;

beforeAll(async () => {
  const create = (name: string, environment: Record<string, string>): Promise<NodeProcess> =>
    NodeProcess.create(name, { topology: { workers: 'in the same process' }, environment: { ...replication, ...environment } });
  [browser, master, invited, another, holder] = await Promise.all([
    startBrowser(),
    create('master', { NODE_NAME: 'Headquarters', SITE_APPROVAL: 'required' }),
    create('invited', { NODE_NAME: 'box-17', SYNC_TOKEN: '' }),
    create('another', { NODE_NAME: 'box-18', SYNC_TOKEN: '' }),
    create('holder', { NODE_NAME: 'Branch' }),
  ]);
  wanted = await master.makeList('Wanted');
  barred = await master.makeList('Barred');
  for (const list of [wanted, barred]) await master.makeDossier([list], { name: 'Nora Lindqvist' });
  await Promise.all([master, holder].map((node) => node.call('POST', '/users/', { ...viewer, role: 'viewer' })));
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([master, invited, another, holder].map((node) => node?.remove()));
});

/** Tells what the page showed when something wasn't as expected. */
async function visit(node: NodeProcess, story: (page: Page, visitor: Visitor) => Promise<void>, user?: typeof viewer): Promise<void> {
  const visitor = await openWindow(browser);
  try {
    await signIn(visitor.page, node.url, user);
    await story(visitor.page, visitor);
    expect(visitor.faults).toEqual([]);
    expect([...visitor.origins]).toEqual([node.url]);
  } catch (error) {
    throw new Error(`${String(error)}\n${await visitor.page.locator('body').innerText()}`, { cause: error });
  } finally {
    await visitor.close();
  }
}

interface Story {
  readonly page: Page;
  readonly hand: Hand;
  readonly box: NodeProcess;
  readonly name: string;
}

/** By name and lists to a code, and by the command that stands beside it to a site. */
async function invite({ page, hand, box, name }: Story): Promise<void> {
  await hand.press(page.getByRole('navigation').getByRole('link', { name: 'Sites' }));
  await hand.press(page.getByRole('button', { name: 'Invite a site' }));
  await hand.write(page.getByLabel('Name of the site'), name);
  await hand.choose(page.getByRole('radio', { name: 'Only these' }));
  await hand.tick(page.getByRole('checkbox', { name: 'Wanted' }));
  await hand.press(page.getByRole('button', { name: 'Make the code' }));
  const dialog = page.getByRole('dialog', { name: `The code for “${name}”` });
  await dialog.getByText(/Expires in (30:00|29:\d\d)/).waitFor();
  await dialog.getByRole('img', { name: 'The command as a QR code' }).waitFor();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await findBarriers(page)).toEqual([]);
  }
  const [, command = ''] = /dossier (join http\S+ \S+)/.exec(await dialog.innerText()) ?? [];
  const joined = await box.cli(...command.split(' '));
  expect(joined).toMatchObject({ code: 0, printed: expect.stringContaining('Joined the master Headquarters') });
  await dialog.getByText(`“${name}” has come in`).waitFor();
  const [, words = 'none'] = /words of this node\s+(.+)/.exec(joined.printed) ?? [];
  await dialog.getByText(words).waitFor();
  await hand.press(dialog.getByRole('link', { name: 'To the site' }));
  await page.getByRole('heading', { name, level: 1 }).waitFor();
}

/** What the site copies appears with what it signed; a list more may be read, and then that one alone. */
async function grantAndWithdraw({ page, hand, box }: Story): Promise<void> {
  const here = await box.makeList('Wanted here');
  await box.link(master.url, wanted, here);
  await box.linkIn(here, 'synced');
  await box.sync(here);
  const held = page.getByRole('table', { name: 'What it holds' });
  await held.getByRole('row', { name: /Wanted Equal to this node/ }).waitFor();
  await hand.press(held.getByRole('button', { name: 'Show the statement on Wanted' }));
  await page.getByText(/digest=[0-9a-f]{64}/).waitFor();
  await page.keyboard.press('Escape');

  await hand.press(page.getByRole('button', { name: 'Lists…' }));
  await hand.press(page.getByRole('button', { name: 'Choose none' }));
  await hand.tick(page.getByRole('checkbox', { name: 'Barred' }));
  await page.getByText('1 list is taken away').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await hand.press(page.getByRole('button', { name: 'Save' }));
  const withdrawn = page.getByRole('table', { name: 'Lists that were taken away' });
  await withdrawn.getByRole('row', { name: /Wanted Not yet: it is told at its next question/ }).waitFor();
  await page.getByText('Has not confirmed the withdrawal of 1 list').waitFor();
  expect(await box.sync(here)).toMatchObject({ error: { code: 'LIST_WITHDRAWN' } });
  await withdrawn.getByRole('row', { name: /Wanted \d\d:\d\d/ }).waitFor();
  expect((await box.call('GET', `/dossiers/?dossier_lists=${here}`)).json).toMatchObject({ code: 'LIST_WITHDRAWN' });

  const barredHere = await box.makeList('Barred here');
  await box.link(master.url, barred, barredHere);
  await box.linkIn(barredHere, 'synced');
  await held.getByRole('row', { name: /^Barred/ }).waitFor();
}

/** From then on its questions are refused, which both ends say. */
async function revoke({ page, hand, box, name }: Story): Promise<void> {
  await hand.pick(page.getByRole('button', { name: `What to do with ${name}` }), page.getByRole('menuitem', { name: 'Revoke…' }));
  await page.getByRole('dialog').getByText('Change SYNC_TOKEN.').waitFor();
  await hand.write(page.getByLabel('Reason'), 'stolen');
  await hand.press(page.getByRole('button', { name: 'Revoke for good' }));
  await page.getByText('This site is revoked', { exact: true }).waitFor();
  await page.getByText(/Revoked \d\d:\d\d\. Reason: stolen/).waitFor();
  await page.getByRole('table', { name: 'History' }).getByText('revoked a site').waitFor();
  const link = linkSchema.array().parse(((await box.call('GET', '/sync/dossier-lists/')).json as { results: unknown }).results);
  const local = link.find((each) => each.remote_name === 'Barred')?.slave_dossier_list ?? 0;
  await box.sync(local);
  await visit(box, async (elsewhere) => {
    await elsewhere.goto(`${box.url}/ui/replication/${local}`);
    await elsewhere.getByRole('alert').filter({ hasText: 'SITE_REVOKED' }).waitFor();
  });
  await hand.press(page.getByRole('navigation').getByRole('link', { name: 'Sites' }));
  await page.getByRole('row', { name: new RegExp(`${name}.*Revoked`) }).waitFor();
}

async function tell(handOf: (page: Page) => Hand, box: NodeProcess, name: string): Promise<void> {
  await visit(master, async (page) => {
    const story: Story = { page, hand: handOf(page), box, name };
    await invite(story);
    await grantAndWithdraw(story);
    await revoke(story);
  });
}

test('a site is invited, joins without a token, is given a list and loses one, and is revoked', async () => {
  await tell(mouseOf, invited, 'Gate 7');
});

test('the same by keyboard alone', async () => {
  await tell(keyboardOf, another, 'Gate 8');
});

test('a node that holds the token waits with its words until an administrator has compared them; a viewer only sees it', async () => {
  const here = await holder.makeList('Wanted here');
  await holder.link(master.url, wanted, here);
  await holder.linkIn(here, 'failed');
  const { words } = (await holder.call('GET', '/node/')).json as { words: string };
  await visit(
    master,
    async (page) => {
      await page.goto(`${master.url}/ui/sites`);
      await page.getByRole('row', { name: new RegExp(`Branch.*Waits to be accepted.*${words}`) }).waitFor();
      expect(await page.getByRole('button', { name: /Accept|Refuse|Invite/ }).count()).toBe(0);
    },
    viewer,
  );
  await visit(master, async (page) => {
    await page.goto(`${master.url}/ui/sites?show=waiting`);
    await page.getByRole('row').nth(1).getByRole('button', { name: 'Accept…' }).click();
    const accept = page.getByRole('button', { name: 'Accept', exact: true });
    expect(await accept.isDisabled()).toBe(true);
    await page.getByRole('checkbox', { name: /I have compared/ }).check();
    await page.getByRole('radio', { name: 'Only these' }).check();
    await page.getByRole('checkbox', { name: 'Wanted' }).check();
    await accept.click();
    await page.getByText('No site fits.').waitFor();
  });
  await holder.sync(here);
  await holder.linkIn(here, 'synced');
  expect((await master.call('GET', '/sites/?limit=100')).json).toMatchObject({
    results: expect.arrayContaining([expect.objectContaining({ name: 'Branch', state: 'accepted', lists: [wanted] })]),
  });
});

test('where another key signs under the address of a master, its words stand beside those that are known, and an administrator accepts it', async () => {
  const [link] = await query<{ list: number }>(holder.test.database, `select slave_list_id as list from links`);
  const list = link?.list ?? 0;
  const { words } = (await master.call('GET', '/node/')).json as { words: string };
  await query(holder.test.database, `update masters set key = :key`, { key: generateNodeKey().id });
  await holder.sync(list);
  const open = async (page: Page): Promise<void> => {
    await page.goto(`${holder.url}/ui/replication/${list}`);
    const alert = page.getByRole('alert').filter({ hasText: 'Another key signs under the address of Headquarters' });
    await alert.getByText(words).waitFor();
  };
  await visit(
    holder,
    async (page) => {
      await open(page);
      expect(await page.getByRole('button', { name: /Accept|Refuse/ }).count()).toBe(0);
    },
    viewer,
  );
  await visit(holder, async (page) => {
    await open(page);
    await page.getByRole('button', { name: 'Refuse…' }).click();
    await page.getByRole('button', { name: 'Keep the known key' }).click();
    await page.getByRole('button', { name: 'Accept the new key…' }).click();
    await page.getByRole('checkbox', { name: /I have compared/ }).check();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Accept', exact: true }).click();
    await page.getByText(/Equal to the master as of/).waitFor({ timeout: 60_000 });
    await page.getByText(words).waitFor();
  });
});

test('a node joins a master by a code on its own page', async () => {
  const { code } = (await master.call('POST', '/sites/', { name: 'Gate 9' })).json as { code: string };
  await visit(another, async (page) => {
    await query(another.test.database, `delete from masters`);
    await query(master.test.database, `delete from sites where name = 'Gate 8'`);
    await page.goto(`${another.url}/ui/replication`);
    await page.getByRole('button', { name: 'Join a master' }).click();
    await page.getByLabel('Address of the master').fill(master.url);
    await page.getByLabel('Code of the invitation').fill(code);
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    const { words } = (await master.call('GET', '/node/')).json as { words: string };
    await page.getByRole('dialog', { name: 'Joined Headquarters' }).getByText(words).waitFor();
    await page.getByRole('button', { name: 'Replicate its lists' }).click();
    expect(await page.getByLabel('Address of the master').inputValue()).toBe(master.url);
  });
});

test('of hundreds of sites those are found that the address asks for, and an unused code is made anew', async () => {
  for (let number = 100; number < 330; number += 1) await master.call('POST', '/sites/', { name: `Kiosk ${number}`, lists: [barred] });
  await visit(master, async (page) => {
    await page.goto(`${master.url}/ui/sites?show=invited`);
    await page.getByText(/50 of 23\d sites are shown/).waitFor();
    await page.getByRole('searchbox', { name: 'Search' }).fill('kiosk 217');
    await page.waitForURL(/q=kiosk/);
    await page.getByRole('link', { name: 'Kiosk 217' }).waitFor();
    expect(await page.getByRole('row').count()).toBe(2);
    await page.reload();
    await page.getByRole('link', { name: 'Kiosk 217' }).click();
    await page.getByRole('button', { name: 'New code…' }).click();
    await page.getByRole('button', { name: 'Make the code' }).click();
    await page.getByText(/Expires in/).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Kiosk 217', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Take the invitation back…' }).click();
    await page.getByRole('button', { name: 'Take it back' }).click();
    await page.getByText('The invitation of “Kiosk 217” is taken back.').waitFor();
    await page.waitForURL(/\/ui\/sites$/);
  });
});
