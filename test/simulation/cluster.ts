import { openDatabase } from '@dossier/postgres/database.ts';
import { migrate } from '@dossier/postgres/migrate.ts';
import { startPostgresServer } from '../kit/postgres-server.ts';
import { prepareCluster } from './site.ts';

export const template = 'simulation_template';

/** A throw-away PostgreSQL, with a migrated database to be cloned. */
export async function startCluster(): Promise<{ url: string; stop(): Promise<void> }> {
  const server = await startPostgresServer();
  await prepareCluster(server.databaseUrl);
  const admin = openDatabase(server.databaseUrl, { applicationName: 'simulation', poolSize: 1 });
  await admin.raw(`create database ${template}`);
  await admin.destroy();
  const url = new URL(server.databaseUrl);
  url.pathname = `/${template}`;
  const database = openDatabase(url.href, { applicationName: 'simulation', poolSize: 2 });
  await migrate(database);
  await database.destroy();
  return { url: server.databaseUrl, stop: () => server.stop() };
}
