import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '@dossier/cli/main.ts';
import { importReportSchema } from '@dossier/protocol/import.ts';
import { problemSchema } from '@dossier/protocol/problem.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { oddFiles } from '../kit/odd-files.ts';
import type { OddFile } from '../kit/odd-files.ts';

let node: NodeApi;
let folder: string;
beforeAll(async () => {
  // Each run of the program listens once.
  for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0);
  [node, folder] = await Promise.all([startNodeApi(), mkdtemp(join(tmpdir(), 'odd-files-'))]);
});
afterAll(async () => {
  await node.stop();
  await rm(folder, { recursive: true });
});

async function namesOf(list: number): Promise<string[]> {
  const rows = await query<{ name: string }>(node.test.database, `select name from dossiers where set_id = set_of(:list) order by id`, {
    list,
  });
  return rows.map(({ name }) => name);
}

/** The refusals with only that part of their reasons that is expected. */
function shorten(refusals: readonly { line: number; reason: string }[], { refused = [] }: OddFile): (readonly [number, string])[] {
  return refusals.map(({ line, reason }, at) => [line, reason.includes(refused[at]?.[1] ?? '') ? (refused[at]?.[1] ?? '') : reason]);
}

describe('through the API', () => {
  it.each(oddFiles)('$name', async (odd) => {
    const list = await node.makeList();
    const answer = await node.call('POST', `/dossier-lists/${list}/import/`, {
      body: new Uint8Array(Buffer.from(odd.content)),
      headers: { 'content-type': odd.type ?? 'application/octet-stream' },
      role: 'operator',
    });
    expect(await namesOf(list)).toEqual(odd.people ?? []);
    if (odd.named !== undefined) {
      expect(problemSchema.parse(answer.json).detail).toContain(odd.named);
      return;
    }
    const report = importReportSchema.parse(answer.json);
    expect(shorten(report.refusals, odd)).toEqual(odd.refused ?? []);
    expect(report.refused).toBe(odd.refused?.length ?? 0);
  });
});

describe('through the command line', () => {
  it.each(oddFiles)('$name', async (odd) => {
    const list = await node.makeList();
    const file = join(await mkdtemp(join(folder, 'file-')), odd.file ?? 'people');
    await writeFile(file, odd.content);
    const { out, err } = await dossier(['import', String(list), file]);
    expect(`${out}${err}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(await namesOf(list)).toEqual(odd.people ?? []);
    if (odd.named !== undefined) {
      expect(err).toContain(odd.named);
      return;
    }
    const refusals = [...out.matchAll(/^line (\d+) refused: (.*)$/gm)].map(([, line, reason = '']) => ({ line: Number(line), reason }));
    const besides = err.replace(/^No fields of a dossier are: .*\n/, '');
    expect([besides, shorten(refusals, odd)]).toEqual(['', odd.refused ?? []]);
    expect(out).toMatch(new RegExp(` ${odd.refused?.length ?? 0} refused, in `));
  });
});

/** Runs the program in this process: a process of its own for each file would take minutes. */
async function dossier(parameters: readonly string[]): Promise<{ out: string; err: string }> {
  const said = { out: '', err: '' };
  const catchAll = (stream: NodeJS.WriteStream, to: 'out' | 'err') =>
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said[to] += String(text);
      return true;
    });
  const spies = [catchAll(process.stdout, 'out'), catchAll(process.stderr, 'err')];
  try {
    await main({ arguments: parameters, environment: { DATABASE_URL: node.test.url, DATA_DIR: folder }, workingDirectory: folder });
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = 0;
  }
  return said;
}
