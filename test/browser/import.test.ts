import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { startNginx } from '../kit/nginx.ts';
import type { Proxy } from '../kit/nginx.ts';
import { NodeProcess } from '../kit/node-process.ts';

let browser: Browser;
let node: NodeProcess;
/** nginx as it is installed, and as docs/operations.md says. */
let strict: Proxy;
let open: Proxy;

beforeAll(async () => {
  [browser, node] = await Promise.all([startBrowser(), NodeProcess.create('plain', { topology: { workers: 'in the same process' } })]);
  await node.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'Visitors' }]);
  [strict, open] = await Promise.all([
    startNginx(node.url),
    startNginx(node.url, 'client_max_body_size 4100m; proxy_request_buffering off; proxy_read_timeout 300s;'),
  ]);
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([strict?.stop(), open?.stop()]);
  await node?.remove();
});

const long = (header: string): Buffer => Buffer.concat([Buffer.from(`${header}\n`), Buffer.alloc(15 * 1024 * 1024, 'x,y,z\n')]);

async function openDialog(page: Page, url: string) {
  await signIn(page, url);
  await page.goto(`${url}/ui/dossiers`);
  await page.getByRole('button', { name: 'Import' }).click();
  return page.getByRole('dialog', { name: 'Import dossiers from a file' });
}

const file = (name: string, buffer: Buffer) => ({ name, mimeType: 'text/csv', buffer });

test.each(['the node itself', 'nginx'])('why a long file can’t be used is told, through %s', async (way) => {
  const { page, faults, close } = await openWindow(browser);
  const dialog = await openDialog(page, way === 'nginx' ? open.url : node.url);
  const input = dialog.getByLabel('Choose a file');
  await input.setInputFiles(file('people.csv', long('title,other,more')));
  await dialog.getByText('No column is the name').waitFor();
  expect(await dialog.getByRole('button', { name: 'Check the file' }).isDisabled()).toBe(true);
  await dialog.getByLabel('What title becomes').selectOption('Name');
  await dialog.getByRole('button', { name: 'Check the file' }).click();
  await dialog.getByRole('button', { name: 'Stop' }).click();
  await dialog.getByRole('button', { name: 'Check the file' }).waitFor();
  await input.setInputFiles(file('people.csv', long('<html>')));
  await dialog.getByText('The file is an HTML page').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  expect(faults).toEqual([]);
  await close();
});

test('a file that Excel saved as Unicode text is imported', async () => {
  const { page, faults, close } = await openWindow(browser);
  const dialog = await openDialog(page, node.url);
  const content = Buffer.from('\ufeffexternal_id\tname\r\na1\tАда\r\n\t\r\na2\t愛\r\n', 'utf16le');
  await dialog.getByLabel('Choose a file').setInputFiles(file('people.txt', content));
  await dialog.getByRole('button', { name: 'Check the file' }).click();
  await dialog.getByRole('button', { name: 'Import 2 dossiers' }).click();
  await dialog.getByText('Done', { exact: true }).waitFor();
  expect(faults).toEqual([]);
  await close();
});

test('a proxy that takes no long files is told of, and what lifts its limit', async () => {
  const { page, faults, close } = await openWindow(browser);
  const dialog = await openDialog(page, strict.url);
  await dialog.getByLabel('Choose a file').setInputFiles(file('people.csv', long('name,other,more')));
  await dialog.getByRole('button', { name: 'Check the file' }).click();
  await dialog.getByText('takes no files of this size (413)').waitFor();
  await dialog.getByText('client_max_body_size').waitFor();
  expect(faults).toEqual([]);
  await close();
});
