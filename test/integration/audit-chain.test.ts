import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pruneAudit } from '@dossier/accounts/audit.ts';
import { query } from '@dossier/postgres/database.ts';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

/* Is the audit whole? As an administrator asks on the host. */

const executable = join(import.meta.dirname, '../../apps/cli/bin/dossier.mjs');

let node: NodeApi;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dossier-chain-'));
  node = await startNodeApi();
});
afterAll(async () => {
  await node.stop();
  await rm(folder, { recursive: true });
});

interface Verdict {
  code: number | null;
  out: string;
}

async function verify(...more: string[]): Promise<Verdict> {
  const child = spawn(process.execPath, [executable, 'audit', 'verify', ...more], {
    env: { PATH: process.env['PATH'], DATABASE_URL: node.test.url, DATA_DIR: folder },
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, , [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close') as Promise<[number | null]>]);
  return { code, out };
}

const makeList = () => node.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'Wanted' }]);

/** As who may do everything in the database does it: past the triggers. */
async function tamper(statement: string): Promise<void> {
  await node.test.database.transaction(async (tx) => {
    await query(tx, `set local session_replication_role = replica`);
    await query(tx, statement);
  });
}

async function head(): Promise<string> {
  const [found] = await query<{ entries: number; hash: string }>(
    node.test.database,
    `select entries, encode(hash, 'hex') as hash from audit_head`,
  );
  return `${found?.entries}:${found?.hash}`;
}

describe('"dossier audit verify"', () => {
  it('finds an audit whole that many wrote at once', async () => {
    await Promise.all(Array.from({ length: 20 }, makeList));
    expect(await verify()).toMatchObject({ code: 0, out: expect.stringContaining(`whole: 20 entries`) });
    expect((await verify()).out).toContain(await head());
    expect(await verify('--head', await head())).toMatchObject({ code: 0 });
    expect((await verify('--head', 'nonsense')).code).toBe(2);
  });

  it('names an entry that was altered, taken out or put in, and a head that is gone', async () => {
    const told = await head();
    const [kept] = await query<{ row: string }>(node.test.database, `select a::text as row from audit a where id = 5`);
    await tamper(`update audit set actor = 'somebody else' where id = 5`);
    expect(await verify()).toMatchObject({ code: 3, out: expect.stringMatching(/NOT whole:\n {2}Entry \d+ has another content/) });
    await tamper(`update audit set actor = 'admin' where id = 5`);
    expect((await query<{ row: string }>(node.test.database, `select a::text as row from audit a where id = 5`))[0]).toEqual(kept);
    expect(await verify()).toMatchObject({ code: 0 });

    await tamper(`create table taken as select * from audit where id = 7`);
    await tamper(`delete from audit where id = 7`);
    expect(await verify()).toMatchObject({ code: 3, out: expect.stringContaining('is gone') });
    await tamper(`insert into audit overriding system value select * from taken`);
    expect(await verify()).toMatchObject({ code: 0 });

    await tamper(`insert into audit (actor, via, action, object_kind) values ('nobody', 'api', 'signed-in', 'session')`);
    expect(await verify()).toMatchObject({ code: 3, out: expect.stringContaining('without being written to the chain') });
    await tamper(`delete from audit where actor = 'nobody'`);

    // The end is cut off, with the chain, and everything fits together: only who was told of the head knows.
    await tamper(`delete from audit where id in (select audit_id from audit_chain where entry > 15)`);
    await tamper(`delete from audit_chain where entry > 15`);
    expect(await verify()).toMatchObject({ code: 3, out: expect.stringContaining("doesn't end") });
    await tamper(`update audit_head set entries = c.entry, hash = c.hash from audit_chain c where c.entry = 15`);
    expect(await verify()).toMatchObject({ code: 0 });
    expect(await verify('--head', told)).toMatchObject({ code: 3, out: expect.stringContaining("doesn't have the head that was told") });
  });

  it('finds it whole after entries were dropped whose time is over', async () => {
    await query(node.test.database, `update clock set age_moment = now()`);
    await tamper(
      `insert into audit (actor, via, action, object_kind, date) values ('former', 'api', 'signed-in', 'session', now() - interval '3 years')`,
    );
    await tamper(`insert into audit_chain (entry, audit_id, date, content, hash)
      select h.entries + 1, a.id, a.date, audit_content(a), audit_link(h.hash, a.date, audit_content(a)) from audit a, audit_head h where a.actor = 'former'`);
    await tamper(`update audit_head set entries = c.entry, hash = c.hash from audit_chain c where c.entry = audit_head.entries + 1`);
    expect(await verify()).toMatchObject({ code: 0 });
    await pruneAudit(node.test.database);
    expect(await query(node.test.database, `select from audit where actor = 'former'`)).toEqual([]);
    expect(await verify()).toMatchObject({ code: 0 });
    await expect(query(node.test.database, `delete from audit_chain`)).rejects.toThrow(/only added to/);
    // Who empties the head keeps nobody from working.
    await query(node.test.database, `delete from audit_head`);
    await makeList();
    expect(await verify()).toMatchObject({ code: 0 });
  });
});

describe('the audit', () => {
  it('names dossiers, photos, lists and links as other nodes do, also those that are gone', async () => {
    const list = await makeList();
    const { id } = await node.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'Somebody', dossier_lists: [list.id] }]);
    const [row] = await query<{ uuid: string; list: string }>(
      node.test.database,
      `select d.uuid, l.uuid as list from dossiers d, watch_lists l where d.id = :id and l.id = :list`,
      { id, list: list.id },
    );
    await node.call('DELETE', `/dossiers/${id}/`);
    await node.call('DELETE', `/dossier-lists/${list.id}/`);
    const about = async (uuid: string | undefined) =>
      (await node.want(200, pageOf(auditEntrySchema), ['GET', `/audit/?object_uuid=${uuid}`])).results.map(({ action }) => action);
    expect(await about(row?.uuid)).toEqual(['dossier-deleted', 'dossier-made']);
    expect(await about(row?.list)).toEqual(['list-deleted', 'list-made']);
  });
});
