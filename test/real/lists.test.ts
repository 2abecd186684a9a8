import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { query } from '@dossier/postgres/database.ts';
import { decideHold } from '@dossier/replication/hold-decisions.ts';
import { collectGarbage } from '@dossier/registry/photo-garbage.ts';
import type { RunRow } from '@dossier/replication/runs.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentOf, createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';
import { importLines, readLines, realFile } from '../kit/real-data.ts';

let master: EngineNode;
let slave: EngineNode;

beforeAll(async () => {
  [master, slave] = await Promise.all([createEngineNode(), createEngineNode()]);
});
afterAll(async () => {
  await Promise.all([master, slave].map((node) => node.close()));
});

/** Makes the master's list hold exactly these lines: what isn't among them goes. */
async function setVersion(listId: number, lines: readonly string[], photos?: string): Promise<void> {
  const ids = lines.map((line) => (JSON.parse(line) as { external_id: string }).external_id);
  await query(master.database, `delete from dossiers where set_id = set_of(:listId) and external_id <> all(:ids::text[])`, { listId, ids });
  expect(await importLines(master, { listId, lines, ...(photos !== undefined && { photos }) })).toMatchObject({ refused: 0 });
}

/** The photos that dossiers refer to or that an undo would bring back, and those in the store once the clean-up has run. */
async function photosOf(node: EngineNode): Promise<{ shown: string[]; wanted: string[]; stored: string[] }> {
  await query(node.database, `update clock set age_moment = now()`);
  await collectGarbage(node.database, { days: 0, remove: (sha256) => node.photos.remove(sha256) });
  const addresses = async (rows: string): Promise<string[]> =>
    (
      await query<{ sha256: string }>(
        node.database,
        `select distinct photo ->> 'sha256' as sha256 from ${rows}, json_array_elements(rows.photos) photo order by 1`,
      )
    ).map((row) => row.sha256);
  const stored = [];
  for await (const { sha256 } of node.photos.list()) stored.push(sha256);
  return {
    shown: await addresses(`(select photos from current_dossiers) rows`),
    wanted: await addresses(
      `(select photos from current_dossiers union all select photos from journal_rows where photos is not null) rows`,
    ),
    stored: stored.toSorted(),
  };
}

/** Syncs like a person who knows that the publisher meant it: a version that changes more than the guards let pass is approved. */
async function follow(local: number): Promise<RunRow> {
  const run = await slave.sync(local);
  if (run.state !== 'held') return run;
  await decideHold(slave.database, { slaveListId: local, difference: run.held?.difference ?? '', decision: 'approved', by: 'admin' });
  return slave.sync(local);
}

describe('a register of guests with portraits', () => {
  it('follows its versions; replaced and removed photos leave no orphan', async () => {
    const remote = await master.makeList('VIP');
    const local = await slave.makeList('VIP');
    const folder = dirname(realFile('vip_congress', 'photos.tsv'));
    for (const version of ['v1_2014-10-10', 'v2_2015-01-20', 'v3_2015-04-23', 'v3b_photo_changes', 'v4_2017-02-28']) {
      await setVersion(remote, readLines(realFile('vip_congress', `${version}.jsonl`)), folder);
      const run = version.startsWith('v1') ? await slave.link(master, remote, local) : await follow(local);
      expect(run, version).toMatchObject({ state: 'synced', photos_missing: [] });
      expect(await contentOf(slave.database, local), version).toEqual(await contentOf(master.database, remote));
      const [there, here] = [await photosOf(master), await photosOf(slave)];
      expect(here.stored, version).toEqual(here.wanted);
      expect(there.stored, version).toEqual(there.wanted);
      expect(here.shown, version).toEqual(there.shown);
    }
    const listed = new Set(readLines(realFile('vip_congress', 'photos.tsv')).flatMap((line) => line.match(/\b[0-9a-f]{64}\b/g) ?? []));
    for (const address of (await photosOf(slave)).shown) {
      const bytes = await readFile(slave.photos.path(address) ?? '');
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(address);
      expect(listed.has(address), address).toBe(true);
    }
    expect(await slave.sync(local, { mode: 'verify' })).toMatchObject({ state: 'synced', differences: [] });
  });
});

describe.each([
  ['the consolidated list of the United Kingdom', 'uk_hmt', ['v1_2016-03-23', 'v2_2018-04-13']],
  ['names in 23 scripts', 'world_names', ['v1_2015-10-31', 'v2_2015-11-30']],
])('%s', (_title, folder, versions) => {
  it.each(['as published', 'decomposed (NFD)'])('is equal to the last character, %s', async (form) => {
    const remote = await master.makeList(`${folder} ${form}`);
    const local = await slave.makeList(`${folder} ${form}`);
    for (const [index, version] of versions.entries()) {
      const lines = readLines(realFile(folder, `${version}.jsonl`)).map((line) => (form === 'as published' ? line : line.normalize('NFD')));
      await setVersion(remote, lines);
      const run = index === 0 ? await slave.link(master, remote, local) : await follow(local);
      expect(run).toMatchObject({ state: 'synced' });
      expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
    }
    const [row] = await query<{ count: number }>(
      slave.database,
      `select count(*) as count from dossiers d where d.set_id = set_of(:local) and d.name <> normalize(d.name, nfc)`,
      { local },
    );
    if (form === 'as published') expect(row?.count).toBe(0);
    await query(master.database, `delete from dossiers where set_id = set_of(:remote)`, { remote });
    expect(await follow(local)).toMatchObject({ state: 'synced' });
  });
});

describe('naughty strings', () => {
  it('are imported and replicated as they are, or refused by line', async () => {
    const remote = await master.makeList('naughty');
    const lines = readLines(realFile('nasty', 'blns_dossiers.jsonl'));
    const report = await importLines(master, { listId: remote, lines });
    expect(report.added + report.changed + report.unchanged + report.refused).toBe(lines.length);
    for (const { line, reason } of report.refusedLines) expect(reason, `line ${line}`).toMatch(/\w/);
    const local = await slave.makeList('naughty');
    expect(await slave.link(master, remote, local)).toMatchObject({ state: 'synced', added: report.added });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
  });
});
