import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { NodeProcess } from '../kit/node-process.ts';

let browser: Browser;
let node: NodeProcess;

beforeAll(async () => {
  [browser, node] = await Promise.all([startBrowser(), NodeProcess.create('plain', { topology: { workers: 'in the same process' } })]);
});

afterAll(async () => {
  await browser?.close();
  await node?.remove();
});

test('without ffsecurity_sync in INSTALLED_APPS the pages of replication are not there, their calls are refused, and tokens still work', async () => {
  const visitor = await openWindow(browser);
  const { page } = visitor;
  await signIn(page, node.url);
  await page.getByText('Add ffsecurity_sync to INSTALLED_APPS').first().waitFor();
  const links = await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts();
  for (const name of ['Replication', 'Sites', 'Dead letters', 'Offline deletions']) expect(links).not.toContain(name);
  for (const path of ['/replication', '/replication/1', '/sites', '/sites/1', '/dead-letters', '/offline-deletions']) {
    await page.goto(`${node.url}/ui${path}`);
    await page.getByRole('heading', { name: 'Replication pages are switched off' }).waitFor();
  }
  const answers = await page.evaluate(async () => {
    const link = { remote_url: 'http://master.example', remote_dossier_list: 1, slave_dossier_list: 1 };
    const ask = async (method: string, path: string, body?: object): Promise<[string, number, unknown]> => {
      const init =
        body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
      const answer = await fetch(path, init);
      return [path, answer.status, ((await answer.json()) as { code: string }).code];
    };
    return [
      await ask('GET', '/sync/dossier-lists/'),
      await ask('POST', '/sync/dossier-lists/', link),
      await ask('DELETE', '/sync/dossier-lists/1/'),
      await ask('POST', '/sync/test/', { remote_url: link.remote_url }),
      await ask('GET', '/sync/dead-letters/'),
      await ask('GET', '/sync/events/'),
    ];
  });
  for (const [path, status, code] of answers) expect([path, status, code]).toEqual([path, 403, 'PERMISSION_DENIED']);
  expect((await node.call('GET', '/sync/dossier-lists/')).status).toBe(200);
  expect((await node.call('GET', '/sync/dead-letters/')).status).toBe(200);
  const list = await node.makeList('Copied');
  await node.link('http://127.0.0.1:9', 7, list);
  await page.goto(`${node.url}/ui/`);
  await page
    .locator('li')
    .filter({ hasText: 'Copied' })
    .getByText(/Waiting|Syncing|Failed/)
    .waitFor();
  expect([...visitor.origins]).toEqual([node.url]);
  await visitor.close();
});
