import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@dossier/runtime/logger.ts';
import { openDatabase } from '@dossier/postgres/database.ts';
import { deleteEmbeddedDatabase, startEmbeddedDatabase } from '@dossier/postgres/embedded.ts';
import { migrate } from '@dossier/postgres/migrate.ts';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the maintenance database of the suite's PostgreSQL. */
    clusterUrl: string;
  }
}

/** Starts one PostgreSQL for the whole suite, with a migrated database that the tests' own ones are cloned from. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, stop } = await startTestCluster();
  project.provide('clusterUrl', url);
  return stop;
}

/** A PostgreSQL with the database that `createTestDatabase` clones. */
export async function startTestCluster(): Promise<{ url: string; stop: () => Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'dossier-test-'));
  const logger = createLogger({ level: 'warn', name: 'test', pretty: false });
  const server = await startEmbeddedDatabase({ dataDir, logger });
  const admin = openDatabase(server.url, { applicationName: 'test setup', poolSize: 1 });
  // Two projects of one run share the machine, not the cluster; the template is made once per cluster.
  await admin.raw('create database template_dossier');
  await admin.destroy();
  const template = new URL(server.url);
  template.pathname = '/template_dossier';
  const database = openDatabase(template.href, { applicationName: 'test setup', poolSize: 2 });
  await migrate(database);
  await database.destroy();
  return {
    url: server.url,
    async stop() {
      await server.stop();
      await deleteEmbeddedDatabase({ dataDir, logger });
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
