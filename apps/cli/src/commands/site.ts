import type { Command } from 'commander';
import { changedSiteSchema, createdSiteSchema, revokedSiteSchema, siteSchema } from '@dossier/protocol/site.ts';
import type { Site } from '@dossier/protocol/site.ts';
import { parseLists } from '../lists.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { allOf } from '../links.ts';
import { ago } from '../moments.ts';
import { note, print, printJson } from '../output.ts';
import { printable } from '../printable.ts';
import { called, siteOf } from '../site-of.ts';
import { table } from '../table.ts';

/** `dossier site list|add|show|accept|grant|rename|forget|revoke` */
export function addSite(program: Command, context: Context): void {
  const group = program.command('site').description('on a master: the nodes that copy its lists, what each may read and what it holds');
  addList(group, context);
  addAdd(group, context);
  addShow(group, context);
  addAccept(group, context);
  addGrant(group, context);
  addRename(group, context);
  addForget(group, context);
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

/** What a site may read now, in a sentence that says which it is. */
function readsOf(site: Site): string {
  const may =
    site.lists === null
      ? 'all lists'
      : site.lists.length === 0
        ? 'no list'
        : `the ${site.lists.length === 1 ? 'list' : 'lists'} ${listsOf(site)}`;
  return capital(`${called(site)} may read ${may}.`);
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

function addAdd(group: Command, context: Context): void {
  const command = group
    .command('add')
    .description(
      'invites a site: prints a code that introduces one node, within 30 minutes; a name that is invited, and has not come, gets a new code',
    )
    .argument('<name>', 'what the site is to be called, such as "Gate 7"')
    .option(
      '--lists <ids>',
      'the watch lists that it may read, as 1,2, or "all" or "none" (default: all, or what the unused invitation gave)',
      parseLists,
    )
    .option('--key <key>', 'instead of an invitation, the public key of the node, as "dossier status" shows it there');
  addClientOptions(command).action(async (name: string, { lists, key }: { lists?: number[] | null; key?: string }) => {
    const client = clientOf(command, context);
    const site = await client.post(
      'sites/',
      { name, ...(lists !== undefined && { lists }), ...(key !== undefined && { key }) },
      createdSiteSchema,
    );
    if (isJson(command)) return printJson(site);
    print(readsOf(site));
    for (const sentence of site.notes) note(printable(sentence));
    if (site.code === null) return print('It is known by its key, whose words these are.');
    print(`\n  ${site.code}\n\nOn the new node, within 30 minutes:  dossier join ${printable(client.url)} ${site.code}`);
    note(
      "The code is shown this once and works once. Put this node's own address into that command if the new node reaches it by another one.",
    );
  });
}

function addShow(group: Command, context: Context): void {
  const command = group.command('show').description('one site, with what it last proved to hold').argument('<site>', 'number or name');
  addClientOptions(command).action(async (given: string) => {
    const client = clientOf(command, context);
    const { id } = await siteOf(client, given);
    // What it signed is told of one site alone.
    const site = await client.get(`sites/${id}/`, siteSchema);
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
    .argument('<site>', 'number or name')
    .option('--lists <ids>', 'the watch lists that it may read from now on, as 1,2, or "all" or "none" (default: as before)', parseLists);
  addClientOptions(command).action(async (given: string, { lists }: { lists?: number[] | null }) => {
    const client = clientOf(command, context);
    const { id } = await siteOf(client, given);
    const site = await client.post(`sites/${id}/accept/`, lists === undefined ? {} : { lists }, siteSchema);
    if (isJson(command)) return printJson(site);
    print(`Accepted. ${readsOf(site)}`);
  });
}

function addGrant(group: Command, context: Context): void {
  const command = group
    .command('grant')
    .description('says which watch lists a site may read; its copies of others are withdrawn')
    .argument('<site>', 'number or name')
    .argument('<lists>', 'ids as 1,2, or "all" or "none": the whole set', parseLists)
    .option('--purge', 'copies that are withdrawn, now or before, are deleted there, not only not shown');
  addClientOptions(command).action(async (given: string, lists: number[] | null, { purge = false }: { purge?: boolean }) => {
    const client = clientOf(command, context);
    const { id } = await siteOf(client, given);
    const site = await client.patch(`sites/${id}/`, { lists, purge }, changedSiteSchema);
    if (isJson(command)) return printJson(site);
    print(readsOf(site));
    for (const sentence of site.notes) note(printable(sentence));
    const withdrawn = site.withdrawn.map(({ dossier_list: list }) => list);
    if (withdrawn.length > 0)
      print(
        `Withdrawn: ${withdrawn.join(', ')}. The site stops showing that when it asks next; "dossier site show ${id}" says when it has.`,
      );
  });
}

function addRename(group: Command, context: Context): void {
  const command = group
    .command('rename')
    .description('calls a site otherwise on this node')
    .argument('<site>', 'number or name')
    .argument('<name>', 'what it is to be called');
  addClientOptions(command).action(async (given: string, name: string) => {
    const client = clientOf(command, context);
    const { id, name: before } = await siteOf(client, given);
    const site = await client.patch(`sites/${id}/`, { name }, siteSchema);
    if (isJson(command)) return printJson(site);
    print(`${capital(called(site))} was called "${printable(before)}" before.`);
  });
}

function addForget(group: Command, context: Context): void {
  const command = group
    .command('forget')
    .description('takes a site away that was invited and never came, or that has no key of its own; one with a key is revoked instead')
    .argument('<site>', 'number or name');
  addClientOptions(command).action(async (given: string) => {
    const client = clientOf(command, context);
    const site = await siteOf(client, given);
    await client.delete(`sites/${site.id}/`);
    if (isJson(command)) return printJson({ id: site.id, forgotten: true });
    print(`${capital(called(site))} is forgotten.`);
  });
}

function addRevoke(group: Command, context: Context): void {
  const command = group
    .command('revoke')
    .description('refuses a site from now on, for good')
    .argument('<site>', 'number or name')
    .requiredOption('--reason <text>', 'why, such as stolen');
  addClientOptions(command).action(async (given: string, { reason }: { reason: string }) => {
    const client = clientOf(command, context);
    const { id } = await siteOf(client, given);
    const site = await client.post(`sites/${id}/revoke/`, { reason }, revokedSiteSchema);
    if (isJson(command)) return printJson(site);
    print(`${capital(called(site))} is revoked. Its key is refused for good.`);
    for (const sentence of site.notes) print(printable(sentence));
  });
}
