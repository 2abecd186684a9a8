import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf } from '../kit/authenticator-app.ts';
import { findBarriers, openWindow, signIn, startBrowser } from '../kit/browser.ts';
import { createTestDatabase } from '../kit/database.ts';
import { NodeProcess } from '../kit/node-process.ts';
import { startProvider } from '../kit/oidc-provider.ts';
import type { TestProvider } from '../kit/oidc-provider.ts';

const password = 'correct-horse-battery';
const topology = { workers: 'in the same process' } as const;
let browser: Browser;
let node: NodeProcess;
let strict: NodeProcess;
let provider: TestProvider;

beforeAll(async () => {
  browser = await startBrowser();
  provider = await startProvider({ sub: 'p1', preferred_username: 'paula', roles: ['operator'] });
  const oidc = { OIDC_ISSUER: provider.issuer, OIDC_CLIENT_ID: 'dossiers' };
  [node, strict] = await Promise.all([
    NodeProcess.create('node', { topology, environment: oidc, test: await createTestDatabase() }),
    NodeProcess.create('strict', { topology, environment: { SECOND_FACTOR: 'required' }, test: await createTestDatabase() }),
  ]);
  for (const name of ['anna', 'bert', 'carl']) await node.call('POST', '/users/', { name, role: 'operator', password });
  await strict.call('POST', '/users/', { name: 'otto', role: 'viewer', password });
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([node?.remove(), strict?.remove(), provider?.stop()]);
});

/** Browsers make passkeys for names, not for numbers. */
const byName = (url: string): string => url.replace('127.0.0.1', 'localhost');

/** Gives the page's browser a device that keeps passkeys, and a finger that is always there. */
async function plugIn(page: Page): Promise<void> {
  const debug = await page.context().newCDPSession(page);
  await debug.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
  } as const;
  await debug.send('WebAuthn.addVirtualAuthenticator', { options: { ...options, automaticPresenceSimulation: true } });
}

async function fillPassword(page: Page): Promise<void> {
  await page.getByRole('dialog').getByLabel('Your password now').fill(password);
}

async function signOut(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `Account: ${name}` }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.locator('input[name=name]').waitFor();
}

/** Sets the app up in the dialog that is asked for, and returns its secret and the recovery codes, which were shown. */
async function setUpApp(page: Page): Promise<{ secret: string; codes: string[] }> {
  await page.getByRole('button', { name: 'Set up an app…' }).click();
  await fillPassword(page);
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
  const secret = (await page.getByRole('dialog').locator('pre').innerText()).replaceAll(/\s/g, '');
  expect(await findBarriers(page)).toEqual([]);
  await page.getByLabel('Code that the app shows now').fill(codeOf(secret, -1));
  await page.getByRole('button', { name: 'Set it up' }).click();
  const shown = page.getByRole('dialog', { name: 'Your recovery codes' });
  const codes = (await shown.locator('pre').innerText()).split('\n');
  expect(codes).toHaveLength(10);
  expect(await findBarriers(page)).toEqual([]);
  await shown.getByRole('button', { name: 'Close' }).last().click();
  return { secret, codes };
}

async function typeCode(page: Page, code: string): Promise<void> {
  await page.getByLabel('Code').fill(code);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function typePassword(page: Page, url: string, name: string): Promise<void> {
  await page.goto(`${url}/ui/`);
  await page.locator('input[name=name]').fill(name);
  await page.locator('input[name=password]').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

test('an app is set up by its QR code, and asked for at the next sign-in; a recovery code does, too', async () => {
  const { page, faults, close } = await openWindow(browser);
  await signIn(page, node.url, { name: 'anna', password });
  await page.goto(`${node.url}/ui/account`);
  // At an address that is a number no passkey can be made, and the page says so.
  await page.getByText('this address is a number').waitFor();
  const { secret, codes } = await setUpApp(page);
  await page.getByText('10 codes are left.').waitFor();
  await signOut(page, 'anna');
  await typePassword(page, node.url, 'anna');
  await page.getByRole('heading', { name: 'One more step' }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await typeCode(page, '000000');
  await page.getByRole('alert').getByText('The code is wrong').waitFor();
  await typeCode(page, codeOf(secret));
  await page.getByRole('button', { name: 'Account: anna' }).waitFor();
  await signOut(page, 'anna');
  await typePassword(page, node.url, 'anna');
  await typeCode(page, codes[3]?.toLowerCase() ?? '');
  await page.getByRole('button', { name: 'Account: anna' }).waitFor();
  await page.goto(`${node.url}/ui/account`);
  await page.getByText('9 codes are left.').waitFor();
  expect(faults).toEqual([]);
  await close();
});

test('a passkey is added and renamed, signs in without name and password, and signs nobody in when it is removed', async () => {
  const url = byName(node.url);
  const { page, faults, close } = await openWindow(browser);
  await plugIn(page);
  await signIn(page, url, { name: 'bert', password });
  await page.goto(`${url}/ui/account`);
  await page.getByRole('button', { name: 'Add a passkey…' }).click();
  await page.getByLabel('Name of the passkey').fill('Desk PC');
  await fillPassword(page);
  await page.getByRole('button', { name: 'Make it on this device' }).click();
  await page.getByRole('dialog', { name: 'Your recovery codes' }).getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('button', { name: 'What to do with Desk PC' }).click();
  await page.getByRole('menuitem', { name: 'Rename…' }).click();
  await page.getByLabel('Name of the passkey').fill('Night desk');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('cell', { name: 'Night desk', exact: true }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await signOut(page, 'bert');
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByRole('button', { name: 'Account: bert' }).waitFor();
  // With the password alone nobody comes in; the passkey is offered then.
  await signOut(page, 'bert');
  await typePassword(page, url, 'bert');
  await page.getByText('use your passkey').waitFor();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByRole('button', { name: 'Account: bert' }).waitFor();
  await page.goto(`${url}/ui/account`);
  await page.getByRole('button', { name: 'What to do with Night desk' }).click();
  await page.getByRole('menuitem', { name: 'Remove…' }).click();
  await fillPassword(page);
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByText('“Night desk” is removed.').waitFor();
  await page.getByText('your password alone is enough to sign in').waitFor();
  await signOut(page, 'bert');
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByRole('alert').getByText('This passkey is not known here').waitFor();
  expect(faults).toEqual([]);
  await close();
});

test('an answer of a passkey is good once', async () => {
  const url = byName(node.url);
  const { page, close } = await openWindow(browser);
  await plugIn(page);
  await signIn(page, url, { name: 'carl', password });
  await page.goto(`${url}/ui/account`);
  await page.getByRole('button', { name: 'Add a passkey…' }).click();
  await page.getByLabel('Name of the passkey').fill('Key');
  await fillPassword(page);
  await page.getByRole('button', { name: 'Make it on this device' }).click();
  await page.getByRole('dialog', { name: 'Your recovery codes' }).getByRole('button', { name: 'Close' }).last().click();
  await signOut(page, 'carl');
  const sent = page.waitForRequest((request) => request.method() === 'POST' && new URL(request.url()).pathname === '/auth/passkey/');
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  const body = (await sent).postData() ?? '';
  await page.getByRole('button', { name: 'Account: carl' }).waitFor();
  const again = await fetch(`${url}/auth/passkey/`, { method: 'POST', headers: { 'content-type': 'application/json', origin: url }, body });
  expect(again.status).toBe(401);
  await close();
});

test('where a second factor is demanded, one is led to set it up, and then goes on', async () => {
  const { page, faults, close } = await openWindow(browser);
  await typePassword(page, strict.url, 'otto');
  await page.getByRole('heading', { name: 'First, set up a second factor' }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  expect(await page.getByRole('navigation', { name: 'Pages' }).count()).toBe(0);
  await setUpApp(page);
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  expect(faults).toEqual([]);
  await close();
});

test('an administrator takes a lost second factor away', async () => {
  const { page, close } = await openWindow(browser);
  const { page: own, close: closeOwn } = await openWindow(browser);
  await node.call('POST', '/users/', { name: 'dora', role: 'viewer', password });
  await signIn(own, node.url, { name: 'dora', password });
  await own.goto(`${node.url}/ui/account`);
  await setUpApp(own);
  await signIn(page, node.url);
  await page.goto(`${node.url}/ui/users`);
  await page.getByRole('button', { name: 'What to do with dora' }).click();
  await page.getByRole('menuitem', { name: 'Take the second factor away…' }).click();
  expect(await findBarriers(page)).toEqual([]);
  await page.getByRole('button', { name: 'Take it away' }).click();
  await page.getByText('The second factor of “dora” is taken away. 1 session has ended.').waitFor();
  await signIn(own, node.url, { name: 'dora', password });
  await Promise.all([close(), closeOwn()]);
});

test('the provider signs people in and out, and says why it does not', async () => {
  const { page, close } = await openWindow(browser);
  const button = page.getByRole('link', { name: `Sign in with ${new URL(provider.issuer).host}` });
  await page.goto(`${node.url}/ui/watch-lists`);
  await button.click();
  await page.getByRole('heading', { name: 'Watch lists' }).waitFor();
  await page.goto(`${node.url}/ui/account`);
  await page.getByText('which keeps your password and your second factor').waitFor();
  const left = page.waitForRequest((request) => request.url().startsWith(`${provider.issuer}/endsession`));
  await page.getByRole('button', { name: 'Account: paula' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await left;
  await button.waitFor();
  provider.claims = { sub: 'p2', preferred_username: 'petra', roles: ['nothing here'] };
  await button.click();
  await page.getByRole('alert').getByText('you have no role here').waitFor();
  expect(new URL(page.url()).search).toBe('');
  expect(await findBarriers(page)).toEqual([]);
  await signIn(page, node.url);
  await close();
});
