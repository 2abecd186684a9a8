import type { Locator, Page } from 'playwright-core';
import { english } from '../../apps/web/src/i18n/en/texts.ts';
import { russian } from '../../apps/web/src/i18n/ru/texts.ts';
import type { SitePage } from './pages.ts';
import type { SampleSite } from './sample-site.ts';

/** A text of the interface in the language of the page, up to what is set into it. */
async function said(page: Page, key: string): Promise<string> {
  const texts = (await page.evaluate('document.documentElement.lang')) === 'ru' ? russian : english;
  const text: unknown = key.split('.').reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], texts);
  return String(text).split('{{')[0] ?? '';
}

type Role = 'button' | 'menuitem' | 'tab' | 'link';

async function press(page: Page, role: Role, key: string): Promise<void> {
  const place = role === 'menuitem' ? page : page.getByRole('dialog').or(page.locator('#content')).last();
  await place
    .getByRole(role, { name: await said(page, key) })
    .first()
    .click();
}

/** Presses one thing after the other: a button, or `menu`, the first menu of actions, and an item of it. */
function pressing(...steps: readonly (readonly [Role, string] | 'menu')[]): (page: Page) => Promise<void> {
  return async (page) => {
    for (const step of steps) await press(page, ...(step === 'menu' ? (['button', 'common.actionsFor'] as const) : step));
  };
}

const firstDialog = (page: Page): Locator => page.getByRole('dialog').first();
/** Over a drawer. */
const secondDialog = (page: Page): Locator => page.getByRole('dialog').nth(1);

/** The dialogs that are opened by buttons, each as an administrator sees it. */
export function dialogPagesOf({ lists, dossiers }: SampleSite): SitePage[] {
  const on =
    (node: 'master' | 'slave') =>
    (name: string, path: string, opens: SitePage['opens'] & {}, shows = firstDialog): SitePage => ({
      name: `dialog-${name}`,
      node,
      path,
      opens,
      shows,
      admin: true,
    });
  const [slave, master] = [on('slave'), on('master')];
  const link = `/ui/replication/${lists.synced}`;
  const held = `/ui/replication/${lists.held}`;
  const dossier = `/ui/dossiers?open=${dossiers.master}`;
  return [
    slave('guards', link, pressing('menu', ['menuitem', 'replication.guards.open'])),
    slave('address', link, pressing('menu', ['menuitem', 'replication.address.open'])),
    slave('cancel', link, pressing('menu', ['menuitem', 'replication.cancel.open'])),
    slave('run', link, pressing(['button', 'history.show'])),
    slave('approve', held, pressing(['button', 'replication.held.approve'])),
    slave('reject', held, pressing(['button', 'replication.held.reject'])),
    slave('discard-all', '/ui/dead-letters', pressing(['button', 'deadLetters.discardAll'])),
    slave('user-new', '/ui/users', pressing(['button', 'users.create'])),
    slave('user-edit', '/ui/users', pressing('menu', ['menuitem', 'users.edit'])),
    slave('token-new', '/ui/tokens', pressing(['button', 'tokens.create'])),
    slave('webhook-new', '/ui/webhooks', pressing(['button', 'webhooks.create'])),
    slave('passkey', '/ui/account', pressing(['button', 'secondFactor.app.setUp'])),
    master('list-new', '/ui/watch-lists', pressing(['button', 'common.makeList'])),
    master('list-fields', '/ui/watch-lists', pressing('menu', ['menuitem', 'common.edit'], ['tab', 'fields.tabs.fields'])),
    master('list-purge', '/ui/watch-lists', pressing('menu', ['menuitem', 'watchLists.purge.action'])),
    master('dossier-new', '/ui/dossiers', pressing(['button', 'dossiers.create'])),
    master('dossier-edit', dossier, pressing(['button', 'common.edit']), secondDialog),
    master('dossier-merge', dossier, pressing(['button', 'duplicates.merge.button']), secondDialog),
    master('dossier-delete', dossier, pressing(['button', 'dossiers.delete.button']), secondDialog),
    master('import', '/ui/dossiers', pressing(['button', 'dossiers.import.open'])),
    master('bin-erase', '/ui/bin', pressing(['button', 'bin.eraseAll'])),
  ];
}
