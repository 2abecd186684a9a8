import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { query } from '@dossier/postgres/database.ts';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import type { Visitor } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

/* What the pages say is so: of copies and their masters, of what is searched for, of names, and of what others do meanwhile. */

const people = 20;
const environment = { INSTALLED_APPS: 'ffsecurity_sync' };
const viewer = { name: 'viewer', password: 'correct-horse-battery' };

let browser: Browser;
let master: NodeProcess;
let slave: NodeProcess;

beforeAll(async () => {
  const create = (name: string): Promise<NodeProcess> =>
    NodeProcess.create(name, { topology: { workers: 'in the same process' }, environment });
  [browser, master, slave] = await Promise.all([startBrowser(), create('master'), create('slave')]);
  for (const node of [master, slave]) expect((await node.call('POST', '/users/', { ...viewer, role: 'viewer' })).status).toBe(201);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([master?.remove(), slave?.remove()]);
});

/** Shows somebody's browser to `look`; nothing may have gone wrong in it. */
async function visit(
  node: NodeProcess,
  look: (page: Page) => Promise<void>,
  { user, options }: { user?: typeof viewer; options?: Parameters<typeof openWindow>[1] } = {},
): Promise<void> {
  const visitor: Visitor = await openWindow(browser, options);
  try {
    await signIn(visitor.page, node.url, user);
    await look(visitor.page);
    expect(visitor.faults).toEqual([]);
  } catch (error) {
    throw new Error(`${String(error)}\n${visitor.page.url()}\n${await visitor.page.locator('body').innerText()}`, { cause: error });
  } finally {
    await visitor.close();
  }
}

async function listOf(node: NodeProcess, name: string): Promise<number> {
  const list = await node.makeList(name);
  const person = (index: number): string => JSON.stringify({ external_id: `${name}-${index}`, name: `${name} ${index}` });
  await node.import(
    list,
    Array.from({ length: people }, (_, index) => person(index)),
  );
  return list;
}

async function copyOf(name: string): Promise<number> {
  const remote = await listOf(master, name);
  const local = await slave.makeList(name);
  await slave.link(master.url, remote, local);
  await slave.linkIn(local, 'synced');
  return local;
}

const content = (page: Page) => page.locator('#content');

describe('a copy', () => {
  test('is called equal nowhere when somebody was deleted here, or the master is away', async () => {
    const [changed, tried, untried] = [await copyOf('Changed here'), await copyOf('Tried'), await copyOf('Untried')];
    await visit(slave, async (page) => {
      await page.getByText('All 3 replicated lists are equal').waitFor();
      await master.stop();
      const [person] = await slave.dossiers(changed);
      expect((await slave.call('DELETE', `/dossiers/${person?.id}/`)).status).toBe(204);
      // On the page that is open, without loading it again.
      const card = page.locator('li').filter({ hasText: 'Changed here' });
      await card.getByText('Not equal: something was deleted or changed here').waitFor();
      await card.getByText(`${people - 1} here, ${people} on the master`).waitFor();
      await page.getByText('1 list is not equal to its master’s.').waitFor();
      for (const path of ['watch-lists', `dossiers?list=${changed}`, 'replication', `replication/${changed}`]) {
        await page.goto(`${slave.url}/ui/${path}`);
        await content(page).getByText('Not equal: something was deleted or changed here').first().waitFor();
      }

      await slave.call('POST', `/sync/dossier-lists/${tried}/sync/`, { mode: 'auto' });
      await slave.linkIn(tried, 'failed');
      await page.goto(`${slave.url}/ui/`);
      await page.locator('li').filter({ hasText: 'Untried' }).getByText('The master is away: not known to be equal').waitFor();
      await page.getByText('1 list is not known to be equal: its master is away.').waitFor();
      expect(
        await content(page)
          .getByText(/^Equal to the master as of/)
          .count(),
      ).toBe(0);
      await page.goto(`${slave.url}/ui/replication/${untried}`);
      await page.getByText('The master is away: not known to be equal').waitFor();
    });
    await master.start();
    for (const list of [changed, tried, untried]) await slave.sync(list);
    await visit(slave, async (page) => {
      await page.getByText('All 3 replicated lists are equal').waitFor();
      // Who reads from here is another question.
      await page.route(/\/sync\/slaves\//, (route) => route.fulfill({ status: 500, json: { code: 'INTERNAL', detail: 'Broken.' } }));
      await page.reload();
      await content(page).getByText('This could not be loaded').waitFor();
      await page.getByText('All 3 replicated lists are equal').waitFor();
    });
  });

  test('whose master was mistyped is corrected on its page, with the address as it stands in a browser', async () => {
    const remote = await listOf(master, 'Mistyped');
    const local = await slave.makeList('Mistyped');
    await slave.link('http://127.0.0.1:9', remote, local);
    await slave.linkIn(local, 'failed');
    await visit(slave, async (page) => {
      await page.goto(`${slave.url}/ui/replication/${local}`);
      await page.getByRole('alert').getByRole('button', { name: 'Correct the address…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Where does “Mistyped” come from?' });
      await dialog.getByLabel('Address of the master').fill(`${master.url}/ui/dossiers?list=1`);
      expect(await findBarriers(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Sync from there' }).click();
      await page.getByText(/^Equal to the master as of/).waitFor();
    });
    expect((await slave.linkIn(local, 'synced')).remote_url).toBe(master.url);
  });

  test('is found among hundreds of lists by its name', async () => {
    for (let number = 1; number <= 205; number += 1) await master.makeList(`Gate ${number}`);
    await visit(slave, async (page) => {
      await page.goto(`${slave.url}/ui/replication?enable=true`);
      await page.getByLabel('Address of the master').fill(`${master.url}/ui/`);
      await page.getByRole('button', { name: 'Test the connection' }).click();
      await page.getByLabel('Find a list').waitFor();
      expect(await page.getByRole('checkbox').count()).toBeLessThanOrEqual(31);
      expect((await page.getByRole('dialog').boundingBox())?.height).toBeLessThan(800);
      await page.getByLabel('Find a list').fill('gate 203');
      await page.getByRole('checkbox', { name: 'Gate 203' }).check();
      expect(await findBarriers(page)).toEqual([]);
    });
  });
});

describe('the page of dossiers', () => {
  let list: number;
  beforeAll(async () => {
    list = await listOf(master, 'Searched');
  });

  test('shows the filter that its address has, and rows of no other search', async () => {
    await visit(master, async (page) => {
      await page.goto(`${master.url}/ui/dossiers?q=Searched+7`);
      const box = page.getByRole('searchbox', { name: 'Search', exact: true });
      expect(await box.inputValue()).toBe('Searched 7');
      await page.getByRole('row', { name: /Searched 7/ }).waitFor();
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Dossiers' }).click();
      await page.waitForURL((url) => url.search === '');
      expect(await box.inputValue()).toBe('');
      await page.goto(`${master.url}/ui/dossiers?list=${list}`);
      await page.getByRole('row', { name: /Searched 3/ }).waitFor();
      const answer = Promise.withResolvers<void>();
      await page.route(/\/dossiers\/\?.*q=/, async (route) => {
        await answer.promise;
        await route.continue();
      });
      const asked = page.waitForRequest(/[?&]q=/);
      await box.fill('Searched 12');
      await asked;
      await page.getByRole('row', { name: /Searched 3/ }).waitFor({ state: 'detached' });
      answer.resolve();
      await page.getByRole('row', { name: /Searched 12/ }).waitFor();
      await page.goBack();
    });
  });

  test('says that a list is not there', async () => {
    await visit(master, async (page) => {
      await page.goto(`${master.url}/ui/dossiers?list=999999`);
      await page.getByRole('heading', { name: 'List 999999: not there' }).waitFor();
      expect(await page.getByRole('combobox', { name: 'Watch list' }).inputValue()).toBe('List 999999: not there');
    });
  });

  test('opens a row wherever it is clicked, gives the focus back, and does not open it again on the way back', async () => {
    await visit(master, async (page) => {
      await page.goto(`${master.url}/ui/`);
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Dossiers' }).click();
      await page.getByRole('combobox', { name: 'Watch list' }).fill('Searched');
      await page.getByRole('option', { name: 'Searched' }).click();
      const row = page.getByRole('row', { name: /Searched 5/ });
      await row.getByRole('cell').nth(1).click();
      const drawer = page.getByRole('dialog', { name: 'Searched 5' });
      await drawer.waitFor();
      await page.keyboard.press('Escape');
      await drawer.waitFor({ state: 'detached' });
      await expect.poll(() => page.evaluate('document.activeElement?.textContent')).toBe('Searched 5');
      await page.goBack();
      await page.waitForURL((url) => !url.search.includes('open'));
      expect(await page.getByRole('dialog').count()).toBe(0);
    });
  });

  test('shows what anybody writes, by whatever way, and says when it can not', async () => {
    await visit(master, async (page) => {
      await page.goto(`${master.url}/ui/dossiers?list=${list}`);
      await page.getByRole('status').getByText('Live').waitFor();
      await page.getByRole('row', { name: /Searched 0/ }).waitFor();
      await master.makeDossier([list], { name: 'Made by a program' });
      await page.getByRole('row', { name: /Made by a program/ }).waitFor();
      await query(master.test.database, `update dossiers set name = 'Renamed by hand' where name = 'Made by a program'`);
      await page.getByRole('row', { name: /Renamed by hand/ }).waitFor();

      await page.goto(`${master.url}/ui/users`);
      await page.getByRole('row', { name: /viewer/ }).waitFor();
      expect((await master.onHost('user', 'create', 'by-command', '--role', 'viewer')).code).toBe(0);
      await page.getByRole('row', { name: /by-command/ }).waitFor();
      await master.stop();
      await page.getByRole('status').getByText('Not connected').waitFor();
      await master.start();
      await page.getByRole('status').getByText('Live').waitFor();
    });
  });
});

describe('a name', () => {
  test('turns nothing around, and what can not be seen in it is made visible', async () => {
    const list = await master.makeList('Odd\u202Eeman');
    const odd = await master.makeDossier([list], { name: 'Ada\u202Egpj' });
    const blank = await master.makeDossier([list], { name: 'soon blank' });
    await query(master.test.database, `update dossiers set name = :name where id = :blank`, { blank, name: '\u200B\u200B' });
    for (const name of ['\u200B', ' ', '\u2060\u3164']) {
      expect((await master.call('PATCH', `/dossiers/${odd}/`, { name })).status).toBe(400);
      expect((await master.call('PATCH', `/dossier-lists/${list}/`, { name })).status).toBe(400);
      expect((await master.call('POST', '/users/', { name, role: 'viewer', password: viewer.password })).status).toBe(400);
    }
    await visit(master, async (page) => {
      await page.goto(`${master.url}/ui/dossiers?list=${list}`);
      await page.getByRole('link', { name: '⟨U+200B⟩⟨U+200B⟩' }).click();
      await page.getByRole('dialog', { name: '⟨U+200B⟩⟨U+200B⟩' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('link', { name: 'Ada⟨U+202E⟩gpj' }).click();
      await page.getByRole('button', { name: 'Delete dossier' }).click();
      await page.getByRole('dialog', { name: 'Delete “Ada⟨U+202E⟩gpj”?' }).waitFor();
      expect(await page.evaluate('document.documentElement.outerHTML')).not.toContain('\u202E');
      expect(await page.title()).not.toContain('\u202E');
      for (const path of ['watch-lists', 'audit']) {
        await page.goto(`${master.url}/ui/${path}`);
        if (path === 'watch-lists') await page.getByRole('searchbox', { name: 'Find' }).fill('odd');
        await page.getByText('⟨U+202E⟩').first().waitFor();
        expect(await page.evaluate('document.documentElement.outerHTML')).not.toContain('\u202E');
      }
    });
  });

  test('of any length leaves the button that closes in sight, on a phone, too', async () => {
    const list = await master.makeList('Long names');
    const long = await master.makeDossier([list], { name: 'W'.repeat(256) });
    await visit(
      master,
      async (page) => {
        await page.goto(`${master.url}/ui/dossiers?open=${long}`);
        const box = await page.getByRole('dialog').getByRole('button', { name: 'Close' }).boundingBox();
        expect(box === null ? 0 : box.x + box.width).toBeGreaterThan(0);
        expect(box === null ? Infinity : box.x + box.width).toBeLessThanOrEqual(375);
      },
      { options: { viewport: { width: 375, height: 740 } } },
    );
  });
});

describe('an account', () => {
  test('has a password of its own choice, and sessions that can be ended', async () => {
    const person = { name: 'desk', password: 'correct-horse-battery' };
    expect((await master.call('POST', '/users/', { ...person, role: 'viewer' })).status).toBe(201);
    const elsewhere = await openWindow(browser);
    await signIn(elsewhere.page, master.url, person);
    const chosen = 'a lantern for the harbour';
    await visit(
      master,
      async (page) => {
        await page.getByRole('button', { name: 'Account: desk' }).click();
        await page.getByRole('link', { name: 'Password, second factor, sessions' }).click();
        await page.getByRole('table', { name: 'Where you are signed in' }).getByRole('row').nth(2).waitFor();
        const set = async (password: string): Promise<void> => {
          await page.getByLabel('Your password now').fill(person.password);
          await page.getByLabel(/^New password(?! once)/).fill(password);
          await page.getByLabel('New password once more').fill(password);
          await page.getByRole('button', { name: 'Change the password' }).click();
        };
        await set('x');
        await page.getByText('must have at least 12 characters').waitFor();
        expect(await findBarriers(page)).toEqual([]);
        await set('passwordpassword');
        await page.getByText('is too easily guessed').waitFor();
        await set(chosen);
        await page.getByText('Your password is changed. 1 session has ended.').waitFor();
        await expect.poll(() => page.getByRole('table', { name: 'Where you are signed in' }).getByRole('row').count()).toBe(2);
      },
      { user: person },
    );
    await elsewhere.page.goto(`${master.url}/ui/watch-lists`);
    await elsewhere.page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    await elsewhere.close();
    await visit(master, async (page) => page.getByRole('heading', { name: 'Overview' }).waitFor(), {
      user: { name: person.name, password: chosen },
    });
  });

  test('of a viewer gets a page, not JSON, where it may not go', async () => {
    await visit(
      master,
      async (page) => {
        const answer = await page.goto(`${master.url}/queues/`);
        expect([answer?.status(), answer?.headers()['content-type']]).toEqual([403, 'text/html; charset=utf-8']);
        await page.getByRole('heading', { name: 'This page is for administrators' }).waitFor();
        await page.getByRole('link', { name: /To the overview/ }).click();
        await page.getByRole('heading', { name: 'Overview' }).waitFor();
      },
      { user: viewer },
    );
  });
});

test('the audit is filtered by days of the zone in which it shows its times', async () => {
  await visit(
    master,
    async (page) => {
      await page.goto(`${master.url}/ui/audit`);
      const asked = page.waitForRequest(/\/audit\/\?.*since=/);
      await page.getByLabel('From').fill('2026-06-15');
      expect(new URL((await asked).url()).searchParams.get('since')).toBe('2026-06-14T12:00:00.000Z');
    },
    { options: { timezoneId: 'Pacific/Auckland' } },
  );
});
