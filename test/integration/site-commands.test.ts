import { randomUUID } from 'node:crypto';
import { generateNodeKey } from '@dossier/protocol/node-key.ts';
import { signRequest } from '@dossier/protocol/request-signature.ts';
import { siteSchema } from '@dossier/protocol/site.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { vouch, VOUCHER_FIELD } from '@dossier/protocol/voucher.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NodeProcess } from '../kit/node-process.ts';

/* Sites and masters on the command line, between two nodes of real processes: what is printed, and the exit codes. */

const topology = { workers: 'in the same process' } as const;
let master: NodeProcess;
let slave: NodeProcess;
let lists: number[];
/** The slave's copy of the first. */
let local: number;
beforeAll(async () => {
  [master, slave] = await Promise.all([
    NodeProcess.create('master', { topology, environment: { NODE_NAME: 'Headquarters', SITE_APPROVAL: 'required' } }),
    NodeProcess.create('slave', { topology, environment: { NODE_NAME: 'Box 7', SYNC_TOKEN: '' } }),
  ]);
  lists = [await master.makeList('Wanted'), await master.makeList('Missing')];
  await master.makeDossier([lists[0] ?? 0], { name: 'Anna Lindqvist' });
});
afterAll(() => Promise.all([master?.remove(), slave?.remove()]));

/** A command that has to succeed; what it printed. */
async function run(node: NodeProcess, ...words: string[]): Promise<string> {
  const { code, printed } = await node.cli(...words);
  expect({ words, code, printed }).toMatchObject({ code: 0 });
  return printed;
}

/** A command that has to fail with exit code 1; what it printed. */
async function fails(node: NodeProcess, ...words: string[]): Promise<string> {
  const { code, printed } = await node.cli(...words);
  expect({ words, code, printed }).toMatchObject({ code: 1 });
  return printed;
}

const found = (pattern: RegExp, text: string): string => {
  expect(text).toMatch(pattern);
  return pattern.exec(text)?.[1] ?? '';
};
const codeIn = (text: string): string => found(/^ {2}((?:[A-Z0-9]{4}-){4}[A-Z0-9]{4})$/m, text);
const fourWords = String.raw`((?:[a-z]+ ){3}[a-z]+)`;

/** A node comes by the token and says that it is called so; its words are known then. */
async function come(name: string): Promise<void> {
  const key = generateNodeKey();
  const url = new URL(`/feed/?slave=${randomUUID()}&name=${encodeURIComponent(name)}`, master.url);
  const fields = { [VOUCHER_FIELD]: vouch(deriveSigningKey('ABC_123456789'), 'site', key.id) };
  const signature = signRequest(key, { method: 'GET', url, headers: fields }, { now: new Date(), nonce: randomUUID() });
  expect((await fetch(url, { headers: { ...fields, ...signature } })).headers.get('dossier-refusal')).toBe('SITE_PENDING');
  await master.until('done with the words', async () => {
    const { results } = await master.want(200, pageOf(siteSchema), ['GET', '/sites/']);
    return results.every(({ key: known, words }) => known === null || words !== null);
  });
}

it('a site is invited twice, joins by the second code, and both ends show the same words', async () => {
  const first = await run(master, 'site', 'add', 'Gate 7', '--lists', String(lists[0]));
  expect(first).toContain(`Site 1 "Gate 7" may read the list ${lists[0]}.`);
  const second = await run(master, 'site', 'add', 'Gate 7');
  expect(second).toContain(`Site 2 "Gate 7" may read the list ${lists[0]}.`);
  expect(second).toContain(`dossier join ${master.url} ${codeIn(second)}`);
  expect(await run(master, 'site', 'list')).toMatch(/2 +Gate 7 +invited/);
  expect(await fails(slave, 'join', master.url, codeIn(first))).toContain('knows no such code');
  const joined = await run(slave, 'join', master.url, codeIn(second));
  expect(joined).toContain('Joined the master Headquarters.');
  expect(joined).toContain(`list ${lists[0]}: Wanted, dossiers: 1`);
  expect(joined).not.toContain('Missing');
  const own = found(new RegExp(`words of this node +${fourWords}`), joined);
  const masters = found(new RegExp(`words of the master +${fourWords}`), joined);
  const shown = await run(master, 'site', 'show', 'Gate 7');
  expect(shown).toContain('Gate 7 (site 2)');
  expect(found(new RegExp(`words +${fourWords}`), shown)).toBe(own);
  expect(await run(master, 'status')).toMatch(new RegExp(`^Headquarters, whose key is \\S+ \\(${masters}\\)`));
  expect(await run(slave, 'status')).toMatch(new RegExp(`^Box 7, whose key is \\S+ \\(${own}\\)`));
  expect(await run(slave, 'masters')).toContain(masters);
});

it('a site that waits is accepted to the lists that are named', async () => {
  await come('Ship');
  expect(await run(master, 'site', 'list')).toMatch(/3 +Ship +pending/);
  expect(await run(master, 'status')).toContain('1 site waits to be accepted');
  expect(await fails(master, 'site', 'accept', 'Ship', '--lists', '99')).toContain('no watch list 99');
  expect((await master.cli('site', 'accept', 'Ship', '--lists', 'x')).code).toBe(2);
  const accepted = await run(master, 'site', 'accept', 'Ship', '--lists', String(lists[1]));
  expect(accepted).toMatch(new RegExp(`^Accepted. Site 3 "Ship" \\(${fourWords}\\) may read the list ${lists[1]}\\.`));
});

it('a list is copied, what was signed of it is shown, and it is taken away with its copy', async () => {
  local = await slave.makeList('Copy');
  expect((await slave.cli('link', master.url, String(lists[0]), String(local))).code).toBe(0);
  await slave.linkIn(local, 'synced');
  await slave.sync(local);
  await master.until('told what the site holds', async () => / yes +/.test((await master.cli('site', 'show', '2')).printed));
  const shown = await run(master, 'site', 'show', '2', '--json');
  expect(JSON.parse(shown)).toMatchObject({
    holdings: [{ current: true, statement: { base: expect.stringContaining('digest=') as string } }],
  });
  const granted = await run(master, 'site', 'grant', 'Gate 7', 'none', '--purge');
  expect(granted).toMatch(/^Site 2 "Gate 7" \([a-z ]+\) may read no list\.\nWithdrawn: 1\./);
  await slave.sync(local);
  await master.until('told that the list is withdrawn', async () =>
    (await master.cli('site', 'show', '2')).printed.includes('is withdrawn, which the site has confirmed'),
  );
  await run(master, 'site', 'grant', 'Gate 7', 'all');
  expect(await slave.sync(local)).toMatchObject({ state: expect.stringMatching(/synced|unchanged/) as string });
});

it('a master with a new key is accepted, by the words that it shows', async () => {
  const signed = await master.onHost('node', 'rekey');
  expect([signed.code, signed.printed]).toEqual([0, expect.stringContaining('follow by themselves') as string]);
  const made = await master.onHost('node', 'rekey', '--new');
  expect(made.code).toBe(0);
  const words = found(new RegExp(`^Its words: ${fourWords}`, 'm'), made.printed);
  await master.stop();
  await master.start();
  await slave.sync(local);
  expect(await run(slave, 'masters')).toContain(`its words: ${words}`);
  expect(await fails(slave, 'masters', 'accept', '9')).toContain('The master 9 offers no other key.');
  expect(await run(slave, 'masters', 'accept', '1')).toContain(`with the words ${words} is believed now`);
  expect(await slave.sync(local)).toMatchObject({ state: expect.stringMatching(/synced|unchanged/) as string });
  expect(await run(slave, 'masters', 'forget', '1')).toContain('The key of master 1 is forgotten.');
});

it('the number of a site names it; what is the number of one and the name of another names neither', async () => {
  await come('2');
  expect(await run(master, 'site', 'list')).toMatch(/4 +node [0-9a-f]{8} +pending/);
  expect(await run(master, 'site', 'rename', '4', '2')).toMatch(/^Site 4 "2" \([a-z ]+\) was called "node [0-9a-f]{8}" before\.\n$/);
  const refused = await fails(master, 'site', 'revoke', '2', '--reason', 'stolen');
  expect(refused).toMatch(/site 2 "Gate 7" \([a-z ]+\); site 4 "2" \([a-z ]+\)\. Nothing was done\./);
  expect(refused).toContain('dossier site rename 4 NAME');
  await run(master, 'site', 'rename', '4', 'Decoy');
  const revoked = await run(master, 'site', 'revoke', '2', '--reason', 'stolen');
  expect(revoked).toMatch(/^Site 2 "Gate 7" \([a-z ]+\) is revoked\. Its key is refused for good\.\n/);
  expect(await run(master, 'site', 'show', '2')).toContain('revoked: stolen');
  expect(await fails(master, 'site', 'revoke', '2', '--reason', 'stolen')).toContain('revoked already');
  expect((await master.cli('site', 'revoke', '4')).code).toBe(2);
});

it('a site that never came is forgotten, one that may read lists is not', async () => {
  await run(master, 'site', 'add', 'Old');
  expect(await run(master, 'site', 'forget', 'Old')).toBe('Site 5 "Old" is forgotten.\n');
  expect(await fails(master, 'site', 'show', 'Old')).toContain('There is no site "Old".');
  expect(await fails(master, 'site', 'forget', 'Ship')).toContain('Revoke it instead');
});
