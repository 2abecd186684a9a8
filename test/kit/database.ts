import { randomUUID } from 'node:crypto';
import { openDatabase } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { inject } from 'vitest';

/** A migrated database of a test's own. */
export interface TestDatabase {
  url: string;
  database: Database;
  drop(): Promise<void>;
}

/** Clones the suite's template database. */
export function createTestDatabase(): Promise<TestDatabase> {
  return cloneDatabase(inject('clusterUrl'));
}

/** Clones the template database of a cluster; takes some tens of milliseconds. The node's uuid is made anew, so that two clones are two nodes. */
export async function cloneDatabase(clusterUrl: string): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = openDatabase(clusterUrl, { applicationName: 'test', poolSize: 1 });
  await admin.raw(`create database ${name} template template_dossier`);
  const url = new URL(clusterUrl);
  url.pathname = `/${name}`;
  const database = openDatabase(url.href, { applicationName: 'test', poolSize: 10 });
  await database.raw('update node set uuid = gen_random_uuid()');
  return {
    url: url.href,
    database,
    drop: async () => {
      await database.destroy();
      await admin.raw(`drop database ${name} with (force)`);
      await admin.destroy();
    },
  };
}
