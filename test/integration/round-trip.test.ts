import { canBeSeen } from '@dossier/domain/shown-text.ts';
import * as fc from 'fast-check';
import { importReportSchema } from '@dossier/protocol/import.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

let node: NodeApi;
beforeAll(async () => {
  node = await startNodeApi();
});
afterAll(() => node.stop());

interface Person {
  readonly name: string;
  readonly comment: string;
  readonly active: boolean;
  readonly valid_from: string | null;
  readonly valid_until: string | null;
  readonly meta: object;
}

const letters = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...Array.from('aé爱"\',;\t\r\n\\=+-@# \u0001\u001b\u007f\u0085\u2028\ufeff\ufffd{}[]\u202e👩')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((letter) => letter !== '\u0000') },
);
const texts = (minLength: number, maxLength: number) => fc.array(letters, { minLength, maxLength }).map((found) => found.join(''));
const names = fc.oneof(
  texts(1, 12),
  fc.constantFrom('NULL', '\\N', 'none', 'null', 'true', "'", "'=x", '""', ' ', '\ufeff', '-', '1e5', '__proto__'),
);
const numbers = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.constantFrom(1.23457e22, 1.2345678901234568e20, 1e21, 5e-324, 1.7976931348623157e308, 9007199254740992, 0.1),
);
const keys = fc.oneof(texts(0, 4), fc.constantFrom('__proto__', 'constructor', 'toJSON', 'hasOwnProperty', '0', 'meta', 'a.b'));
const { value: values } = fc.letrec<{ value: unknown; list: unknown[]; object: object }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, texts(0, 6), numbers, fc.boolean(), fc.constant(null), tie('list'), tie('object')),
  list: fc.array(tie('value'), { maxLength: 3 }),
  object: fc.array(fc.tuple(keys, tie('value')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
}));
const metas = fc.array(fc.tuple(keys, values), { maxLength: 4 }).map((entries): object => Object.fromEntries(entries));
const days = fc.constantFrom(null, '0001-01-01', '2026-02-28', '9999-12-31');
const people = fc.array(
  fc
    .record<Person>({
      name: names.filter(canBeSeen),
      comment: fc.oneof(names, fc.constant('')),
      active: fc.boolean(),
      valid_from: days,
      valid_until: days,
      meta: metas,
    })
    .filter(({ valid_from: from, valid_until: until }) => from === null || until === null || from <= until),
  { minLength: 1, maxLength: 6 },
);

let made = 0;

/** A list of them, each with an external id that is hard to write. */
async function makeList(of: readonly Person[]): Promise<number> {
  const list = await node.makeList();
  for (const person of of) {
    made += 1;
    const answer = await node.call('POST', '/dossiers/', { body: { ...person, dossier_lists: [list], external_id: `=\ufffd"${made}'` } });
    expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  }
  return list;
}

/** What the API says of the list's people, in the order of their ids. */
async function contentOf(list: number): Promise<string[]> {
  const { json } = await node.call('GET', `/dossiers/?dossier_lists=${list}&valid=all&limit=1000&ordering=id`);
  return (json as { results: Record<string, unknown>[] }).results.map(
    ({ external_id, name, comment, active, valid_from, valid_until, meta }) =>
      JSON.stringify([external_id, name, comment, active, valid_from, valid_until, meta]),
  );
}

async function bring(list: number, format: string, file: string): Promise<void> {
  const answer = await node.call('POST', `/dossier-lists/${list}/import/?format=${format}`, {
    body: new Uint8Array(Buffer.from(file)),
    headers: { 'content-type': 'application/octet-stream' },
  });
  expect(importReportSchema.parse(answer.json)).toMatchObject({ refused: 0, refusals: [] });
}

const exported = async (list: number, format: string): Promise<string> =>
  (await node.call('GET', `/dossier-lists/${list}/export/?format=${format}`)).text;

const runs = { numRuns: 40, seed: 14, endOnFailure: true };

describe('whatever the API takes', () => {
  it.each(['jsonl', 'csv'])(
    'leaves as %s and comes back as what it was, in its order',
    async (format) => {
      await fc.assert(
        fc.asyncProperty(people, async (persons) => {
          const list = await makeList(persons);
          const file = await exported(list, format);
          const other = await node.makeList();
          await bring(other, format, file);
          expect(await contentOf(other)).toEqual(await contentOf(list));
          expect(await exported(other, format)).toBe(file);
        }),
        runs,
      );
    },
    120_000,
  );

  it('comes back from JSONL over what became of it meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(people, async (persons) => {
        const list = await makeList(persons);
        const [file, before] = [await exported(list, 'jsonl'), await contentOf(list)];
        await query(
          node.test.database,
          `update dossiers set name = 'x', comment = 'x', active = not active, valid_from = '2000-01-01', valid_until = '2000-01-02', meta = '{"x": 1}'
           where set_id = set_of(:list)`,
          { list },
        );
        await bring(list, 'jsonl', file);
        expect(await contentOf(list)).toEqual(before);
      }),
      runs,
    );
  }, 120_000);

  it('leaves a held replica as lines that bring it to the master that lost it', async () => {
    await fc.assert(
      fc.asyncProperty(people, async (persons) => {
        const list = await makeList(persons);
        await holdAll(list);
        const lost = await node.call('GET', `/sync/dossier-lists/${list}/held/lost/`);
        await query(node.test.database, 'delete from links');
        const other = await node.makeList();
        await bring(other, 'jsonl', lost.text);
        expect((await contentOf(other)).toSorted()).toEqual((await contentOf(list)).toSorted());
      }),
      runs,
    );
  }, 120_000);
});

/** As if a fork were held that would take everybody from the list. */
async function holdAll(list: number): Promise<void> {
  const { database } = node.test;
  await query(database, `insert into links (slave_list_id, remote_url, remote_list_id) values (:list, 'http://m.example', 1)`, { list });
  await query(
    database,
    `with run as (insert into runs (slave_list_id, reason, state, finished_date) values (:list, 'schedule', 'held', now()) returning id),
       hold as (
         insert into holds (slave_list_id, run_id, state, difference, reasons, adding, changing, removing, deactivating, lost,
           head_epoch, head_revision, head_count, head_digest, expires_date)
         select :list, id, 'waiting', repeat('0', 64), '[]', 0, 0, 1, 0, 1, gen_random_uuid(), 1, 0, repeat('0', 64), now() + interval '1 day' from run
         returning id
       )
     insert into held_dossiers (hold_id, ordinal, kind, deactivating, dossier)
     select hold.id, row_number() over (order by d.id), 'removing', false, d.uuid from hold, dossiers d where d.set_id = set_of(:list)`,
    { list },
  );
}

it('a held replica gives back what was written by hand, one dossier a line and each number as it is written', async () => {
  const list = await node.makeList();
  const meta = '{"n": 1.50,\r\n "big": 12345678901234567890.123}';
  await query(node.test.database, `insert into dossiers (set_id, name, meta) values (set_of(:list), 'Ada', :meta)`, { list, meta });
  await holdAll(list);
  const lost = await node.call('GET', `/sync/dossier-lists/${list}/held/lost/`);
  await query(node.test.database, 'delete from links');
  expect(lost.text.split('\n')).toEqual([expect.stringContaining('"n": 1.50,   "big": 12345678901234567890.123'), '']);
});

it('dates that a line leaves out, or says null of, stay; "none" takes them away', async () => {
  const list = await node.makeList();
  await bring(list, 'jsonl', '{"external_id":"dated","name":"A","valid_from":"2026-01-01","valid_until":"2026-12-31"}\n');
  const dates = async () =>
    query<object>(node.test.database, `select valid_from::text, valid_until::text from dossiers where set_id = set_of(:list)`, { list });
  await bring(list, 'jsonl', '{"external_id":"dated","name":"A","valid_from":null}\n');
  expect(await dates()).toEqual([{ valid_from: '2026-01-01', valid_until: '2026-12-31' }]);
  await bring(list, 'csv', 'external_id,name,valid_from,valid_until\ndated,A,,none\n');
  expect(await dates()).toEqual([{ valid_from: '2026-01-01', valid_until: null }]);
  await bring(list, 'jsonl', '{"external_id":"dated","name":"A","valid_from":"none"}\n');
  expect(await dates()).toEqual([{ valid_from: null, valid_until: null }]);
});

it('custom fields that are none in CSV take away those that are known', async () => {
  const list = await node.makeList();
  await bring(list, 'jsonl', '{"external_id":"full","name":"A","meta":{"a":1}}\n');
  await bring(list, 'csv', 'external_id,name,meta\nfull,A,{}\n');
  expect(await contentOf(list)).toEqual([JSON.stringify(['full', 'A', '', true, null, null, {}])]);
});
