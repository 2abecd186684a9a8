import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { withClient } from './cluster.ts';
import { attempt } from './context.ts';
import type { BenchContext } from './context.ts';
import { benchDossiers } from './rows.ts';
import type { BenchNode } from './workshop.ts';

const executable = fileURLToPath(new URL('../apps/cli/bin/dossier.mjs', import.meta.url));
const tables = ['dossiers'] as const;
const noPhoto = { sha256: '0'.repeat(64), width: 1, height: 1, bytes: 1, mediaType: 'image/jpeg', features: null };

/** `dossier import` of lines without photos, beside COPY of the same rows into the same tables with the same indexes and no triggers. */
export async function benchImport(context: BenchContext): Promise<void> {
  const { workshop, size, runs, tell, budget } = context;
  const file = join(workshop.folder, 'import.jsonl');
  tell(`writing a file of ${size} lines`);
  await writeLines(file, size);
  for (let round = 1; round <= runs; round += 1) {
    if (!budget.allows(`round ${round} of ${runs} of "import"`)) break;
    tell(`import, round ${round} of ${runs}`);
    await attempt(context, `import, round ${round}`, () => measureRound(context, { file, round }));
  }
  await rm(file);
}

async function writeLines(file: string, size: number): Promise<void> {
  const handle = await open(file, 'w');
  for (const dossiers of benchDossiers('import', size, { size: 2000, photos: [noPhoto, noPhoto] })) {
    const lines = dossiers.map(({ externalId, name, comment, active, meta }) =>
      JSON.stringify({ external_id: externalId, name, comment, active, meta }),
    );
    await handle.write(`${lines.join('\n')}\n`);
  }
  await handle.close();
}

async function measureRound({ workshop, measures, size }: BenchContext, { file, round }: { file: string; round: number }): Promise<void> {
  const imported = await workshop.startNode('master');
  const begun = performance.now();
  await runImport(imported, file);
  measures.record('import', { unit: 'per s', round, value: (size / (performance.now() - begun)) * 1000 });

  const copied = await workshop.startNode('master');
  const columns = await copyOut(imported, workshop.folder);
  const copyBegun = performance.now();
  await Promise.all(tables.map((table) => copyIn(copied, { table, columns: columns[table] ?? '', folder: workshop.folder })));
  measures.record('COPY into the same tables', { unit: 'per s', round, value: (size / (performance.now() - copyBegun)) * 1000 });
  await imported.remove();
  await copied.remove();
}

async function runImport({ databaseUrl, mediaRoot, node }: BenchNode, file: string): Promise<void> {
  const child = spawn(process.execPath, [executable, 'import', file, '--name', 'imported'], {
    env: { PATH: process.env['PATH'], DATABASE_URL: databaseUrl, MEDIA_ROOT: mediaRoot, DATA_DIR: join(node.folder, 'data') },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`dossier import ended with ${code}`);
}

/** Writes the tables' columns, but for those that PostgreSQL computes, to files; returns their names. */
async function copyOut({ databaseUrl }: BenchNode, folder: string): Promise<Record<string, string>> {
  return withClient(databaseUrl, async (client) => {
    const columns: Record<string, string> = {};
    for (const table of tables) {
      const { rows } = await client.query<{ columns: string }>(
        `select string_agg(quote_ident(column_name), ', ' order by ordinal_position) as columns from information_schema.columns
         where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER'`,
        [table],
      );
      columns[table] = rows[0]?.columns ?? '';
      await pipeline(client.query(copyTo(`copy ${table} (${columns[table]}) to stdout`)), createWriteStream(join(folder, `${table}.copy`)));
    }
    return columns;
  });
}

async function copyIn({ databaseUrl }: BenchNode, { table, columns, folder }: { table: string; columns: string; folder: string }) {
  await withClient(databaseUrl, async (client) => {
    await client.query('set session_replication_role = replica');
    await pipeline(createReadStream(join(folder, `${table}.copy`)), client.query(copyFrom(`copy ${table} (${columns}) from stdin`)));
  });
}
