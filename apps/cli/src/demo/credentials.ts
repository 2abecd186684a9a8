import { box } from '../table.ts';
import type { DemoSettings } from './settings.ts';

/** Where the demo's nodes are and how to get in, in one box. `opening`: the line above. */
export function credentialsBox({ password, adminToken, urls }: DemoSettings, opening: string): string {
  const { master, slave } = urls ?? { master: '', slave: '' };
  return box([
    opening,
    '',
    `  master     ${master}/ui/     API reference ${master}/docs/`,
    `  slave      ${slave}/ui/     queues ${slave}/queues/`,
    `  user       admin`,
    `  password   ${password}`,
    `  API token  ${adminToken}`,
    '',
    '"npx dossier credentials" shows this again.',
  ]);
}
