import type { Command } from 'commander';
import { createdSiteSchema, revokedSiteSchema, siteSchema } from '@dossier/protocol/site.ts';
import type { Site } from '@dossier/protocol/site.ts';
import { parseLists } from '../lists.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Client } from '../client.ts';
import type { Context } from '../context.ts';
import { allOf } from '../links.ts';
import { ago } from '../moments.ts';
import { note, print, printJson } from '../output.ts';
import { printable } from '../printable.ts';
import { table } from '../table.ts';

/** `dossier site list|add|show|accept|grant|revoke` */
export function addSite(program: Command, context: Context): void {
  const group = program.command('site').description('on a master: the nodes that copy its lists, what each may read and what it holds');
  addList(group, context);
  addAdd(group, context);
  addShow(group, context);
  addAccept(group, context);
  addGrant(group, context);
  addRevoke(group, context);
}

function isJson(command: Command): boolean {
  return command.opts<{ json?: boolean }>().json === true;
}

function addList(group: Command, context: Context): void {
  const command = group.command('list').description('all sites, those that wait to be accepted first');
  addClientOptions(command).action(async () => {
    const sites = await allOf(clientOf(command, context), 'sites/', siteSchema);
    if (isJson(command)) return printJson(sites);
    if (sites.length === 0) return print('This node knows no site yet. "dossier site add NAME" invites one.');
    print(
      table<Site>(
        [
          { heading: 'ID', value: ({ id }) => id, right: true },
          { heading: 'NAME', value: ({ name }) => name },
          { heading: 'STATE', value: stateOf },
          { heading: 'SPEAKS BY', value: ({ speaks_by: by }) => by },
          { heading: 'LISTS', value: listsOf },
          { heading: 'WORDS', value: ({ words }) => words },
          { heading: 'LAST SEEN', value: ({ last_seen: seen }) => ago(seen) },
          { heading: 'ADDRESS', value: ({ address }) => address },
        ],
        sites,
      ),
    );
    for (const { name, alert } of sites) if (alert) print(`\n${printable(name)}: ${printable(alert.desc)}\n  ${printable(alert.remedy)}`);
  });
}

function stateOf({ state, alert, invitation }: Site): string {
  if (alert !== null) return alert.code;
  return state === 'pending' && invitation !== null && invitation.used_date === null ? 'invited' : state;
}

function listsOf({ lists }: Site): string {
  return lists === null ? 'all' : lists.length === 0 ? 'none' : lists.join(', ');
}

function addAdd(group: Command, context: Context): void {
  const command = group
    .command('add')
    .description('invites a site: prints a code that introduces one node, within 30 minutes')
    .argument('<name>', 'what the site is to be called, such as "Gate 7"')
    .option('--lists <ids>', 'the watch lists that it may read, as 1,2 (default: all)', parseLists)
    .option('--key <key>', 'instead of an invitation, the public key of the node, as "dossier status" shows it there');
  addClientOptions(command).action(async (name: string, { lists = null, key }: { lists?: number[] | null; key?: string }) => {
    const client = clientOf(command, context);
    const site = await client.post('sites/', { name, lists, ...(key !== undefined && { key }) }, createdSiteSchema);
    if (isJson(command)) return printJson(site);
    print(`Site ${site.id} ${JSON.stringify(site.name)} may read ${site.lists === null ? 'all lists' : `the lists ${listsOf(site)}`}.`);
    if (site.code === null) return print(`It is known by its key, whose words are: ${site.words}`);
    print(`\n  ${site.code}\n\nOn the new node, within 30 minutes:  dossier join ${printable(client.url)} ${site.code}`);
    note(
      "The code is shown this once and works once. Put this node's own address into that command if the new node reaches it by another one.",
    );
  });
}

/** A site by its number or its name. Throws ExitError for none, or several. */
async function siteOf(client: Client, given: string): Promise<Site> {
  const sites = await allOf(client, 'sites/', siteSchema);
  const named = sites.filter(({ name }) => name === given);
  const standing = named.filter(({ state }) => state !== 'revoked');
  const found = standing.length > 0 ? standing : named.length > 0 ? named : sites.filter(({ id }) => String(id) === given);
  const [site] = found;
  if (site === undefined)
    throw new ExitError(1, `There is no site ${JSON.stringify(given)}.`, { remedy: '"dossier site list" shows all.' });
  if (found.length > 1) {
    throw new ExitError(1, `Several sites are called ${JSON.stringify(given)}.`, {
      remedy: `Name one by its number: ${found.map(({ id }) => id).join(', ')}.`,
    });
  }
  return site;
}

function addShow(group: Command, context: Context): void {
  const command = group.command('show').description('one site, with what it last proved to hold').argument('<site>', 'name or number');
  addClientOptions(command).action(async (given: string) => {
    const site = await siteOf(clientOf(command, context), given);
    if (isJson(command)) return printJson(site);
    report(site);
  });
}

function report(site: Site): void {
  const facts: [string, string | null][] = [
    ['state', `${stateOf(site)}${site.reason === null ? '' : `: ${site.reason}`}`],
    ['words', site.words],
    ['key', site.key],
    ['introduced by', site.introduced_by],
    ['lists', listsOf(site)],
    ['address', site.address],
    ['version', site.version],
    ['first seen', ago(site.first_seen)],
    ['last seen', ago(site.last_seen)],
  ];
  print(`${printable(site.name)} (site ${site.id})`);
  for (const [name, value] of facts) if (value !== null) print(`  ${name.padEnd(14)} ${printable(value)}`);
  for (const { dossier_list: list, acknowledged_date: date, unconfirmed } of site.withdrawn) {
    const below = unconfirmed === null || unconfirmed === 0 ? '' : `; of the nodes that have it from there ${unconfirmed} have not`;
    print(`  list ${list} is withdrawn, which the site has ${date === null ? 'not confirmed yet' : 'confirmed'}${below}`);
  }
  if (site.alert) print(`  ${printable(site.alert.desc)}\n  ${printable(site.alert.remedy)}`);
  if (site.holdings.length === 0) return;
  print(
    table<Site['holdings'][number]>(
      [
        { heading: 'LIST', value: ({ dossier_list: list }) => list, right: true },
        { heading: 'NAME', value: ({ name }) => name },
        { heading: 'DOSSIERS', value: ({ count }) => count, right: true },
        { heading: 'REVISION', value: ({ revision }) => revision, right: true },
        { heading: 'HEAD', value: ({ head_revision: head }) => head, right: true },
        { heading: 'HOLDS THE HEAD', value: ({ current }) => (current ? 'yes' : 'no') },
        { heading: 'SIGNED', value: ({ statement }) => ago(statement?.date ?? null) },
      ],
      site.holdings,
    ),
  );
}

function addAccept(group: Command, context: Context): void {
  const command = group
    .command('accept')
    .description('lets a site in that waits, or puts an alert about one to rest; compare its words with those that the node shows')
    .argument('<site>', 'name or number');
  addClientOptions(command).action(async (given: string) => {
    const client = clientOf(command, context);
    const { id } = await siteOf(client, given);
    const site = await client.post(`sites/${id}/accept/`, {}, siteSchema);
    if (isJson(command)) return printJson(site);
    print(
      `Site ${JSON.stringify(site.name)} is accepted and may read ${site.lists === null ? 'all lists' : `the lists ${listsOf(site)}`}.`,
    );
    if (site.words !== null) print(`Its words: ${site.words}`);
  });
}

function addGrant(group: Command, context: Context): void {
  const command = group
    .command('grant')
    .description('says which watch lists a site may read; its copies of others are withdrawn')
    .argument('<site>', 'name or number')
    .argument('<lists>', 'ids as 1,2, or "all" or "none": the whole set', parseLists)
    .option('--purge', 'copies that are withdrawn are deleted there, not only not shown');
  addClientOptions(command).action(async (given: string, lists: number[] | null, { purge = false }: { purge?: boolean }) => {
    const client = clientOf(command, context);
    const { id } = await siteOf(client, given);
    const site = await client.patch(`sites/${id}/`, { lists, purge }, siteSchema);
    if (isJson(command)) return printJson(site);
    print(`Site ${JSON.stringify(site.name)} may read ${site.lists === null ? 'all lists' : `the lists ${listsOf(site)}`}.`);
    const withdrawn = site.withdrawn.map(({ dossier_list: list }) => list);
    if (withdrawn.length > 0) print(`Withdrawn: ${withdrawn.join(', ')}. The site stops showing them when it asks next.`);
  });
}

function addRevoke(group: Command, context: Context): void {
  const command = group
    .command('revoke')
    .description('refuses a site from now on, for good')
    .argument('<site>', 'name or number')
    .requiredOption('--reason <text>', 'why, such as stolen');
  addClientOptions(command).action(async (given: string, { reason }: { reason: string }) => {
    const client = clientOf(command, context);
    const { id } = await siteOf(client, given);
    const site = await client.post(`sites/${id}/revoke/`, { reason }, revokedSiteSchema);
    if (isJson(command)) return printJson(site);
    print(`Site ${JSON.stringify(site.name)} is revoked. Its key is refused for good.`);
    for (const sentence of site.notes) print(printable(sentence));
  });
}
