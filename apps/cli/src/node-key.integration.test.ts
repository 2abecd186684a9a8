import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateNodeKey, nodeKeyFromPem, nodeKeyToPem } from '@dossier/protocol/node-key.ts';
import { readSuccession } from '@dossier/protocol/voucher.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../test/kit/database.ts';
import type { TestDatabase } from '../../../test/kit/database.ts';
import { openNodeKey } from './node-key.ts';
import type { KeyConfiguration } from './node-key.ts';
import { nextOf, previousOf, writeKeyFile } from './node-key-file.ts';
import { renewNodeKey } from './node-rekey.ts';

let test: TestDatabase;
let folder: string;
let file: string;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dossier-key-'));
  file = join(folder, 'data', 'node.key');
  await query(test.database, `delete from node_keys`);
  return () => rm(folder, { recursive: true });
});

/** A host of the node; each has a disk of its own. */
const host = (name = 'data', more: Partial<KeyConfiguration> = {}): KeyConfiguration => ({
  nodeKey: null,
  nodeKeyFile: join(folder, name, 'node.key'),
  nodeKeyIsPlaced: false,
  syncToken: 'ABC_123456789',
  syncTokenPrevious: null,
  ...more,
});
const withoutToken = (name = 'data'): KeyConfiguration => host(name, { syncToken: null });
const opened = (configuration = host()) => openNodeKey(test.database, configuration);
const idOn = async (configuration = host()) => (await opened(configuration)).nodeKey?.id;
const found = async (configuration: KeyConfiguration) => {
  const { nodeKey, keyFault } = await opened(configuration);
  return `${nodeKey === null ? 'no key' : 'a key'}, ${keyFault?.code ?? 'no fault'}`;
};
const keyIn = async (path: string) => nodeKeyFromPem(await readFile(path, 'utf8').catch(() => ''))?.id;

describe('the first start', () => {
  it('makes a key for its owner alone, once for all processes that start at the same time, and the same is there from then on', async () => {
    const keys = await Promise.all([idOn(), idOn(), idOn()]);
    expect(new Set(keys).size).toBe(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await idOn()).toBe(keys[0]);
    expect(await query(test.database, `select key from node_keys`)).toHaveLength(1);
  });

  it('takes the key that somebody brings, as a file or in the environment', async () => {
    const key = generateNodeKey();
    await writeKeyFile(file, key);
    expect(await readFile(file, 'utf8')).toBe(nodeKeyToPem(key));
    expect(await idOn()).toBe(key.id);
    await query(test.database, `delete from node_keys`);
    const given = generateNodeKey();
    expect(await idOn(host('elsewhere', { nodeKey: nodeKeyToPem(given), nodeKeyIsPlaced: true }))).toBe(given.id);
    await expect(opened(host('elsewhere', { nodeKey: 'no key', nodeKeyIsPlaced: true }))).rejects.toThrow(/^NODE_KEY_MALFORMED/);
  });
});

describe('several hosts that share nothing but the database', () => {
  it('start at once and have the same key, and so does one that comes later or has lost its disk', async () => {
    const hosts = ['one', 'two', 'three'].map((name) => host(name));
    const keys = await Promise.all(hosts.map(idOn));
    expect(new Set(keys).size).toBe(1);
    await rm(join(folder, 'two'), { recursive: true });
    expect([await idOn(host('two')), await idOn(host('four'))]).toEqual([keys[0], keys[0]]);
    // What is kept there is of no use without the token.
    expect(await found(host('five', { syncToken: 'another' }))).toBe('no key, NODE_KEY_MISSING');
    expect(await keyIn(join(folder, 'four', 'node.key'))).toBe(keys[0]);
  });

  it('keep it when the token is changed: by who has the file, or has the token before as SYNC_TOKEN_PREVIOUS', async () => {
    const key = await idOn(host('one'));
    expect(await found(host('two', { syncToken: 'the next' }))).toBe('no key, NODE_KEY_MISSING');
    expect(await idOn(host('one', { syncToken: 'the next' }))).toBe(key);
    expect(await idOn(host('two', { syncToken: 'the next' }))).toBe(key);
    expect(await idOn(host('three', { syncToken: 'the last', syncTokenPrevious: 'the next' }))).toBe(key);
    expect(await idOn(host('four', { syncToken: 'the last' }))).toBe(key);
  });

  it('without a token go on without a key where the file was not copied, and say where it is', async () => {
    const { nodeKey } = await opened(withoutToken('one'));
    const second = await opened(withoutToken('two'));
    expect(second.nodeKey).toBeNull();
    expect(second.keyFault?.message).toMatch(/^NODE_KEY_MISSING: .*It was made on the host /);
    expect(second.keyFault?.remedy).toMatch(/^Copy it from the host of this node that has it/);
    await mkdir(join(folder, 'two'));
    await writeFile(join(folder, 'two', 'node.key'), await readFile(join(folder, 'one', 'node.key')), { mode: 0o600 });
    expect(await idOn(withoutToken('two'))).toBe(nodeKey?.id);
  });

  it('keep nothing in the database where somebody has said where the key is', async () => {
    await opened(host('one'));
    await opened(host('one', { nodeKeyIsPlaced: true }));
    expect(await query(test.database, `select sealed, sealed_by from node_keys`)).toEqual([{ sealed: null, sealed_by: null }]);
    expect(await found(host('two'))).toBe('no key, NODE_KEY_MISSING');
  });
});

describe('a key file that is not as it should be', () => {
  it('is refused where others may read it', async () => {
    await opened();
    await chmod(file, 0o644);
    await expect(opened()).rejects.toThrow(/^NODE_KEY_EXPOSED/);
  });

  it('is written anew out of the database where it is empty, cut, or something else', async () => {
    const key = await idOn();
    const pem = await readFile(file, 'utf8');
    for (const text of ['', pem.slice(0, 60), 'not a key']) {
      await writeFile(file, text);
      expect(await found(host())).toBe('a key, NODE_KEY_MALFORMED');
      expect(await keyIn(file)).toBe(key);
      expect(await found(host())).toBe('a key, no fault');
    }
  });

  it('leaves the node without a key where the database has none either, and is not overwritten', async () => {
    await opened(withoutToken());
    for (const text of ['', 'not a key']) {
      await writeFile(file, text);
      expect(await found(withoutToken())).toBe('no key, NODE_KEY_MALFORMED');
      expect(await readFile(file, 'utf8')).toBe(text);
    }
  });

  it('does not keep a node from starting where it can not be read or made: the database has the key', async () => {
    await writeFile(join(folder, 'data'), 'a file where a folder should be');
    expect(await found(withoutToken())).toBe('no key, NODE_KEY_UNREADABLE');
    expect(await query(test.database, `select from node_keys`)).toHaveLength(0);
    await rm(join(folder, 'data'));
    const key = await idOn(host('elsewhere'));
    await writeFile(join(folder, 'data'), 'a file where a folder should be');
    const blocked = await opened();
    expect([blocked.nodeKey?.id, blocked.keyFault?.code]).toEqual([key, 'NODE_KEY_UNREADABLE']);
  });

  it('that is another node’s is kept beside it, and not used', async () => {
    const key = await idOn();
    const other = generateNodeKey();
    await writeKeyFile(file, other);
    expect(await idOn()).toBe(key);
    expect([await keyIn(file), await keyIn(previousOf(file))]).toEqual([key, other.id]);
    await query(test.database, `update node_keys set sealed = null, sealed_by = null`);
    await writeKeyFile(file, other);
    expect(await found(withoutToken())).toBe('no key, NODE_KEY_DIFFERS');
  });
});

describe('a new key', () => {
  it('is signed by the one before, and every host has it at its next start', async () => {
    const old = await idOn(host('one'));
    await opened(host('two'));
    const { key } = await renewNodeKey(test.database, host('one'), { signed: true });
    const [one, two] = [await opened(host('one')), await opened(host('two'))];
    expect([one.nodeKey?.id, two.nodeKey?.id]).toEqual([key.id, key.id]);
    expect(readSuccession(one.succession ?? '', key.id)?.old).toBe(old);
    expect(await keyIn(join(folder, 'one', 'node.key'))).toBe(key.id);
    expect(await keyIn(previousOf(join(folder, 'one', 'node.key')))).toBe(old);
  });

  it('leaves a host that has only the one before with that for the week, and then without', async () => {
    const old = await idOn(withoutToken('one'));
    await mkdir(join(folder, 'two'));
    await writeFile(join(folder, 'two', 'node.key'), await readFile(join(folder, 'one', 'node.key')), { mode: 0o600 });
    await renewNodeKey(test.database, withoutToken('one'), { signed: true });
    const second = await opened(withoutToken('two'));
    expect([second.nodeKey?.id, second.succession, second.keyFault?.code]).toEqual([old, null, 'NODE_KEY_DIFFERS']);
    await query(test.database, `update node_keys set since = since - interval '8 days'`);
    expect(await found(withoutToken('two'))).toBe('no key, NODE_KEY_DIFFERS');
  });

  it('is finished by the next start wherever making it was broken off, and the old one is never lost', async () => {
    const old = await idOn(withoutToken());
    // Before the database knew of it.
    await writeKeyFile(nextOf(file), generateNodeKey());
    expect(await idOn(withoutToken())).toBe(old);
    const { key } = await renewNodeKey(test.database, withoutToken(), { signed: true });
    // After it did, before the file was put in its place.
    await writeFile(nextOf(file), await readFile(file), { mode: 0o600 });
    await writeFile(file, await readFile(previousOf(file)), { mode: 0o600 });
    await rm(previousOf(file));
    expect(await idOn(withoutToken())).toBe(key.id);
    expect([await keyIn(file), await keyIn(previousOf(file))]).toEqual([key.id, old]);
    // The database was restored to before.
    await query(test.database, `delete from node_keys where key = :key`, { key: key.id });
    expect(await idOn(withoutToken())).toBe(old);
  });

  it('is not made where this host can not sign it, unless that is said', async () => {
    await opened(withoutToken('one'));
    await expect(renewNodeKey(test.database, withoutToken('two'), { signed: true })).rejects.toThrow(/does not have the key/);
    const { key } = await renewNodeKey(test.database, withoutToken('two'), { signed: false });
    const { nodeKey, succession } = await opened(withoutToken('two'));
    expect([nodeKey?.id, succession]).toEqual([key.id, null]);
    expect(await found(withoutToken('one'))).toBe('no key, NODE_KEY_DIFFERS');
  });
});
