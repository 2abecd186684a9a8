import type { Knex } from 'knex';

/** For knex's own command line, e.g. `npx knex migrate:status`; the system itself uses `dossier migrate`. */
const config: Knex.Config = {
  client: 'pg',
  connection: process.env.DATABASE_URL ?? '',
  pool: { min: 0, max: 2 },
  migrations: {
    directory: new URL('./packages/postgres/migrations', import.meta.url).pathname,
    extension: 'ts',
    loadExtensions: ['.ts'],
  },
};

export default config;
