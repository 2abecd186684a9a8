import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import type { Link } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { expect } from 'vitest';
import type { NodeApi } from './node-api.ts';

/** Syncs a list to the end of the run, or of its attempt, and gives its link then. */
export async function syncNow(slave: NodeApi, local: number): Promise<Link> {
  const { id } = await slave.want(202, runSchema, ['POST', `/sync/dossier-lists/${local}/sync/`]);
  const runs = async () => (await slave.want(200, pageOf(runSchema), ['GET', `/sync/dossier-lists/${local}/runs/`])).results;
  await expect
    .poll(async () => (await runs()).some((run) => run.id === id && (run.finished_date !== null || run.error !== null)), {
      timeout: 30_000,
    })
    .toBe(true);
  return slave.want(200, linkSchema, ['GET', `/sync/dossier-lists/${local}/`]);
}
