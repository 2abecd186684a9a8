import type { Knex } from 'knex';
import { migrationSource } from './packages/postgres/src/migrate.ts';

/** For knex's own command line, e.g. `npx knex migrate:status`; the system itself uses `dossier migrate`. */
const config: Knex.Config = {
  client: 'pg',
  connection: process.env.DATABASE_URL ?? '',
  pool: { min: 0, max: 2 },
  migrations: { migrationSource },
};

export default config;
