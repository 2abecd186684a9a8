import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Router } from 'express';
import { nodeKeyFromPem } from '@dossier/protocol/node-key.ts';
import { signRequest } from '@dossier/protocol/request-signature.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { siteSchema } from '@dossier/protocol/site.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import { linkNow } from '../kit/link-now.ts';
import { makePictured } from '../kit/persons.ts';
import type { NodeApi } from '../kit/node-api.ts';

/* Every route of the feed, as its router has them, asked by a site that may read one list of several: the others are not there, to the byte. */

let master: NodeApi;
let site: NodeApi;
let key: SigningKey;
let granted: number;
let secret: number;
let photo: string;
let dossier: string;

beforeAll(async () => {
  [master, site] = await Promise.all([startNodeApi({ NODE_NAME: 'HQ' }), startNodeApi({ NODE_NAME: 'Gate' })]);
  await site.work();
  granted = await master.makeList('Granted');
  secret = await master.makeList('Hidden List');
  await master.call('PATCH', `/dossier-lists/${secret}/`, { body: { fields: [{ name: 'hiddenfield', type: 'text' }] } });
  await master.call('POST', '/dossiers/', { body: { name: 'Grace Granted', dossier_lists: [granted] } });
  const { sha256 } = await makePictured(master, { name: 'Henry Hidden', dossier_lists: [secret] }, 'red');
  const [row] = await query<{ uuid: string }>(master.test.database, `select uuid from dossiers where set_id = set_of(:secret)`, { secret });
  [dossier, photo] = [row?.uuid ?? '', sha256];
  expect(await linkNow(site, master, granted)).toMatchObject({ state: 'synced' });
  const [known] = (await master.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results;
  await master.want(200, siteSchema, ['PATCH', `/sites/${known?.id}/`, { lists: [granted] }]);
  key = nodeKeyFromPem(await readFile(site.keyFile, 'utf8')) as SigningKey;
  expect(key.id).toBe(known?.key);
});
afterAll(() => Promise.all([master.stop(), site.stop()]));

interface Asked {
  list: number;
  dossier: string;
  photo: string;
}

/** How each route of the feed is asked for a list; a new route has to be entered here. */
const questions: Record<string, (asked: Asked) => string[]> = {
  '/': () => [''],
  '/v1/dossier-lists': () => [''],
  '/v1/heads': ({ list }) => [`?lists=${list}.${'A'.repeat(43)}`, '?lists=x'],
  '/v1/dossier-lists/:id/head': () => ['', `?epoch=${randomUUID()}&revision=1&count=1&digest=${'0'.repeat(64)}`, '?state=withdrawn'],
  '/v1/dossier-lists/:id/changes': () => [`?since=0&epoch=${randomUUID()}`, '?since=x'],
  '/v1/dossier-lists/:id/rows': (asked) => [`?uuids=${asked.dossier}`, '?uuids=x'],
  '/v1/dossier-lists/:id/tree': () => ['?prefixes=', '?prefixes=x'],
  '/v1/dossier-lists/:id/photos': (asked) => [`?of=${asked.dossier}.${asked.photo}`, '?of=x'],
  '/v1/dossier-lists/:id/photos/:dossier/:sha256': () => [''],
};

function routes(): string[] {
  const router = master.deps.mounts.find(({ path }) => path === '/feed')?.handler as unknown as Router;
  return router.stack.flatMap(({ route }) => (route ? [route.path] : []));
}

function targets(asked: Asked): string[] {
  return routes().flatMap((path) =>
    (questions[path]?.(asked) ?? []).flatMap((question) => {
      const at = `/feed${path.replace(':id', String(asked.list)).replace(':dossier', asked.dossier).replace(':sha256', asked.photo)}${question}`;
      return [at, `${at}${question === '' ? '?' : '&'}slave=${site.deps.nodeUuid}&name=Gate`];
    }),
  );
}

async function ask(path: string) {
  const url = new URL(path, master.url);
  const signature = signRequest(key, { method: 'GET', url, headers: {} }, { now: new Date(), nonce: randomUUID() });
  const answer = await fetch(url, { headers: { ...signature } });
  const headers = Object.fromEntries(
    [...answer.headers].filter(([name]) => !['date', 'signature', 'signature-input', 'x-request-id'].includes(name)),
  );
  return { status: answer.status, headers, text: Buffer.from(await answer.arrayBuffer()).toString('latin1') };
}

const nobody = (): Asked => ({ list: 987_654, dossier: randomUUID(), photo: 'f'.repeat(64) });

describe('a list that a site may not read', () => {
  it('every route of the feed is asked', () => {
    expect(routes().filter((path) => questions[path] === undefined)).toEqual([]);
  });

  it('is answered as one that does not exist: the same status, the same fields, the same bytes', async () => {
    const hidden = targets({ list: secret, dossier, photo });
    const absent = targets(nobody());
    for (const [place, path] of hidden.entries()) {
      const answer = await ask(path);
      expect(answer.text, path).not.toMatch(/hidden|PNG/i);
      expect(answer, path).toEqual(await ask(absent[place] ?? ''));
    }
  });

  it('shows neither dossier nor photo by way of a list that it may read', async () => {
    const { dossier: other, photo: none } = nobody();
    const hidden = targets({ list: granted, dossier, photo });
    const absent = targets({ list: granted, dossier: other, photo: none });
    for (const [place, path] of hidden.entries()) {
      const { status, text } = await ask(path);
      expect(text, path).not.toMatch(/hidden|PNG/i);
      expect({ status, bytes: text.length }, path).toEqual(
        await ask(absent[place] ?? '').then((a) => ({ status: a.status, bytes: a.text.length })),
      );
    }
  });

  it('is told to be withdrawn only to who knows its uuid, and again each time', async () => {
    const [list] = await query<{ uuid: string }>(master.test.database, `select uuid from watch_lists where id = :secret`, { secret });
    const head = `/feed/v1/dossier-lists/${secret}/head`;
    expect(await ask(`${head}?dossier_list=${randomUUID()}`)).toEqual(await ask(head));
    for (let time = 0; time < 2; time += 1) {
      const told = await ask(`${head}?dossier_list=${list?.uuid}`);
      expect([told.status, told.headers['dossier-refusal']]).toEqual([403, 'LIST_WITHDRAWN']);
    }
  });
});
