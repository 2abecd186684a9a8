import { readFile } from 'node:fs/promises';
import { generateNodeKey } from '@dossier/protocol/node-key.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contentOf, createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';
import { addPhotoByHand } from '../kit/by-hand.ts';
import type { LieCase } from '../kit/lies/case.ts';
import { lies } from '../kit/lies/every-lie.ts';
import { bundle } from '../kit/lies/in-photos.ts';
import { signed } from '../kit/lies/telling.ts';
import { startLyingMaster } from '../kit/lying-master.ts';
import type { Lie, LyingMaster } from '../kit/lying-master.ts';

/* A master that holds the token and says everything wrong that can be said: whatever it is, the list stays as it was, and says why. */

const timeouts = { responseMs: 1500, inactivityMs: 1500, totalMs: 6000 };
let honest: EngineNode;
let slave: EngineNode;
let liar: LyingMaster;

beforeAll(async () => {
  honest = await createEngineNode();
  slave = await createEngineNode({}, timeouts);
  liar = await startLyingMaster(honest, 'a-token-for-tests-of-thirty-two-characters');
});
afterAll(async () => {
  liar.close();
  await Promise.all([honest.close(), slave.close()]);
});

interface Replica {
  remote: number;
  local: number;
}

/** A list that the liar told the truth about so far, or a list with dossiers of its own before its first sync. */
async function prepare(sync: LieCase['sync']): Promise<Replica> {
  liar.lie = null;
  const remote = await honest.makeList('Wanted');
  const persons = sync === 'load' ? 2100 : sync === 'long' ? 300 : 0;
  const names =
    persons > 0 ? Array.from({ length: persons }, (_, index) => `Person ${index}`) : ['Ada', 'Ben', 'Cleo', 'Dan', 'Eve', 'Finn'];
  const dossiers = await honest.makeDossiers([remote], names);
  const local = await slave.makeList('Wanted');
  if (sync === 'empty') return { remote, local };
  if (sync === 'first' || sync === 'load') {
    await slave.makeDossiers([local], ['Here before']);
    return { remote, local };
  }
  expect(await slave.link(liar, remote, local)).toMatchObject({ state: 'synced', added: names.length });
  await query(honest.database, `update dossiers set name = 'Dana' where uuid = :dossier`, { dossier: dossiers[3] ?? '' });
  if (sync === 'long') {
    const changed = dossiers.slice(0, 150);
    await query(honest.database, `update dossiers set comment = 'changed' where uuid = any(:changed::uuid[])`, { changed });
  }
  await query(honest.database, `delete from dossiers where uuid = :dossier`, { dossier: dossiers[4] ?? '' });
  const [newcomer = ''] = await honest.makeDossiers([remote], ['Gus']);
  if (sync === 'photos') for (const text of ['one photo', 'and another', 'and a third']) await givePhoto(newcomer, text);
  if (sync === 'reconcile')
    await query(slave.database, `delete from dossiers where set_id = set_of(:local) and uuid = :dossier`, {
      local,
      dossier: dossiers[0] ?? '',
    });
  return { remote, local };
}

/** Gives a dossier of the honest master a photo of these bytes; returns its address. */
async function givePhoto(dossier: string, text: string): Promise<string> {
  // Of this dossier alone: what the slave holds already is not asked for.
  const bytes = Buffer.from(`${text} of ${dossier}`);
  const sha256 = await honest.photos.put(bytes);
  await addPhotoByHand(honest.database, [dossier], { sha256, bytes: bytes.length });
  return sha256;
}

async function attempt(sync: LieCase['sync'], { remote, local }: Replica, lastAttempt = false): Promise<unknown> {
  const linked = await queryOne(slave.database, `select 1 as present from links where slave_list_id = :local`, { local });
  const run = linked
    ? slave.sync(local, { mode: sync === 'full' || sync === 'verify' ? sync : 'auto', lastAttempt })
    : slave.link(liar, remote, local);
  return run.catch((error: unknown) => error);
}

async function outcome(local: number): Promise<unknown> {
  return queryOne(
    slave.database,
    `select l.state, l.error->>'code' as code, l.error->>'next_attempt' is not null as retried,
       (select code from dead_letters d where d.slave_list_id = l.slave_list_id) as letter,
       exists (select from incoming i join runs r on r.id = i.run_id where r.slave_list_id = l.slave_list_id and r.finished_date is not null) as litter
     from links l where l.slave_list_id = :local`,
    { local },
  );
}

describe('a master that lies is refused, and nothing is changed', () => {
  test.each(lies)('$says (to $to, in a $sync sync): $ends', async ({ sync, tell, ends, mends }) => {
    const replica = await prepare(sync);
    const { local, remote } = replica;
    const before = await contentOf(slave.database, local);
    expect(before.length > 0).toBe(sync !== 'empty');

    liar.lie = tell;
    const ended = await attempt(sync, replica);
    const held = mends === 'by a decision';
    const said = { code: ends, remedy: expect.stringMatching(/\S/) as string };
    expect(ended).toMatchObject(held ? { state: 'held', error: said } : said);
    expect(await contentOf(slave.database, local)).toEqual(before);
    const byItself = mends === 'by itself';
    const letter = mends === 'by a person' ? ends : null;
    expect(await outcome(local)).toMatchObject({ state: held ? 'held' : 'failed', code: ends, retried: byItself, letter });
    if (byItself) {
      liar.lie = tell;
      await attempt(sync, replica, true);
      expect(await contentOf(slave.database, local)).toEqual(before);
      expect(await outcome(local)).toMatchObject({ state: 'failed', retried: false, letter: ends });
    }

    liar.lie = null;
    expect(await attempt('delta', replica)).toMatchObject({ state: 'synced' });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(honest.database, remote));
    expect(await outcome(local)).toMatchObject({ state: 'synced', letter: null, litter: false });
  });
});

describe('photos', () => {
  interface Photographed extends Replica {
    addresses: string[];
  }

  /** A replica, and on the master a dossier more, with photos. */
  async function withPhotos(...texts: string[]): Promise<Photographed> {
    const replica = await prepare('delta');
    const [dossier = ''] = await honest.makeDossiers([replica.remote], ['With photos']);
    const addresses: string[] = [];
    for (const text of texts) addresses.push(await givePhoto(dossier, text));
    return { ...replica, addresses };
  }

  const photoOf = async (address: string): Promise<Buffer> => {
    return await readFile(honest.photos.path(address) ?? '');
  };

  const toPhoto =
    (lie: Lie): Lie =>
    (exchange) =>
      exchange.asked.part === 'photo' ? lie(exchange) : exchange.honest();

  const saying =
    (body: Buffer, claimed: string | null): Lie =>
    ({ response, sign }) => {
      const answer = { status: 200, headers: { 'content-type': 'application/octet-stream' }, body };
      response.writeHead(200, { ...sign(answer, claimed === null ? {} : { sha256: claimed }), 'content-length': body.length }).end(body);
      return 'sent';
    };

  test('that are others than asked for stop the run, and the list stays as it was', async () => {
    const replica = await withPhotos('one photo');
    const [asked = ''] = replica.addresses;
    const photo = await photoOf(asked);
    const before = await contentOf(slave.database, replica.local);
    for (const [lie, code] of [
      [saying(Buffer.from('other bytes'), null), 'ANSWER_FORGED'],
      [saying(Buffer.alloc(1_000_000), asked), 'ANSWER_TOO_LARGE'],
      [saying(photo.subarray(1), asked), 'ANSWER_TRUNCATED'],
    ] as const) {
      liar.lie = toPhoto(lie);
      expect(await attempt('delta', replica, true)).toMatchObject({ code });
      expect(await contentOf(slave.database, replica.local)).toEqual(before);
      expect(await slave.photos.has(asked)).toBe(false);
    }
  });

  test('that are said to be the right ones and are not are not kept, and the run names them', async () => {
    const replica = await withPhotos('another photo');
    const [asked = ''] = replica.addresses;
    liar.lie = toPhoto(saying(Buffer.from(await photoOf(asked)).fill('x'), asked));
    expect(await attempt('delta', replica)).toMatchObject({ state: 'synced', photos_missing: [asked] });
    expect(await slave.photos.has(asked)).toBe(false);
    expect(await contentOf(slave.database, replica.local)).toEqual(await contentOf(honest.database, replica.remote));
    liar.lie = null;
    expect(await attempt('delta', replica)).toMatchObject({ photos_fetched: 1, photos_missing: [] });
    expect(await slave.photos.has(asked)).toBe(true);
  });

  const toPhotos =
    (lie: Lie): Lie =>
    (exchange) =>
      exchange.asked.part === 'photos' ? lie(exchange) : exchange.honest();

  const withoutTheFirst = (length: 0 | null): Lie =>
    bundle((photos, rest) => {
      const [first] = photos;
      if (first) first.bytes = length;
      return rest.subarray(lengthOf('one'));
    });

  test.each<[string, Lie]>([
    ['other bytes', bundle((_photos, rest) => Buffer.from(rest.fill('x', 0, 5)))],
    ['no bytes', withoutTheFirst(0)],
    ['no bytes, as it does not have them', withoutTheFirst(null)],
  ])('of which one comes with %s are kept but for that one, and the run names it', async (_what, lie) => {
    const replica = await withPhotos('one', 'two', 'tre');
    let first = '';
    liar.lie = toPhotos((exchange) => {
      [, first = ''] = /\.([0-9a-f]{64})/.exec(exchange.asked.url.searchParams.get('of') ?? '') ?? [];
      return lie(exchange);
    });
    expect(await attempt('delta', replica)).toMatchObject({ state: 'synced', photos_fetched: 2, photos_missing: [first] });
    const here = await Promise.all(replica.addresses.map((address) => slave.photos.has(address)));
    expect(replica.addresses.filter((_, index) => !here[index])).toEqual([first]);
    liar.lie = null;
    expect(await attempt('delta', replica)).toMatchObject({ photos_fetched: 1, photos_missing: [] });
  });

  test.each<[string, Lie]>([
    ['leaves all but one for later', bundle((photos, rest) => (photos.splice(1), rest.subarray(0, lengthOf('one'))))],
    ['has no list of which photos could be', signed(404)],
  ])('are asked for one by one of a master that %s', async (_what, lie) => {
    const replica = await withPhotos('one', 'two', 'tre');
    liar.lie = toPhotos(lie);
    expect(await attempt('delta', replica)).toMatchObject({ state: 'synced', photos_fetched: 3, photos_missing: [] });
    expect(await Promise.all(replica.addresses.map((address) => slave.photos.has(address)))).toEqual([true, true, true]);
  });
});

describe('a master that lies with the right token and a wrong key', () => {
  const replicas = new Map<LieCase['sync'], Replica>();
  /** How that ends of which no signature holds, or none is waited for, whoever signs. */
  const unsigned = new Set([
    'PROTOCOL_NOT_SPOKEN',
    'REDIRECTED',
    'TOKEN_REFUSED',
    'CLOCK_DIFFERS',
    'MASTER_ERROR',
    'MASTER_TIMEOUT',
    'MASTER_UNREACHABLE',
    'ANSWER_FORGED',
  ]);
  const known = () => query(slave.database, `select key, node, remote_url from masters`);

  beforeAll(async () => {
    for (const { sync } of lies) if (!replicas.has(sync)) replicas.set(sync, await prepare(sync));
    const pin = { url: liar.feedUrl, node: honest.uuid, key: honest.key };
    await query(slave.database, `insert into masters (remote_url, node, key) values (:url, :node, :key)`, pin);
    liar.pose = { key: generateNodeKey(), node: honest.uuid };
  });

  // Each once: in whatever sync it is told, the first answer is refused.
  const each = [...new Map(lies.map((one) => [`${one.to}: ${one.says}`, one])).values()];
  test.each(each)('$says (to $to, in a $sync sync): is not believed in anything', async ({ sync, to, tell, ends }) => {
    const replica = replicas.get(sync) ?? { remote: 0, local: 0 };
    const stateOf = async () => ({
      content: await contentOf(slave.database, replica.local),
      position: await query(slave.database, `select epoch, revision, digest, dossier_count from links where slave_list_id = :local`, {
        local: replica.local,
      }),
      masters: await known(),
    });
    // The first question makes the link that some have not got yet.
    liar.lie = null;
    expect(await attempt(sync, replica, true)).toMatchObject({ code: 'MASTER_KEY_DIFFERS' });
    const before = await stateOf();
    liar.lie = tell;
    const ended = (await attempt(sync, replica, true)) as { code?: string };
    expect(to === 'anything' && unsigned.has(ends) ? ['MASTER_KEY_DIFFERS', ends] : ['MASTER_KEY_DIFFERS']).toContain(ended.code);
    expect(await stateOf()).toEqual(before);
    expect(before.masters).toEqual([{ key: honest.key, node: honest.uuid, remote_url: liar.feedUrl }]);
  });
});

/** Of a photo that `givePhoto` makes of this text. */
function lengthOf(text: string): number {
  return `${text} of 00000000-0000-4000-8000-000000000000`.length;
}
