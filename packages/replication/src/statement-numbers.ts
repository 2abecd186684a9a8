import { preparedOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** The next number under which this node says something to a master: no process of it ever gets the same one, but one on a copy of its database does. */
export async function nextStatementNumber(connection: Connection): Promise<number> {
  const drawn = await preparedOne<{ number: number }>(connection, 'next statement number', {
    sql: `select nextval('statement_numbers') as number`,
    parameters: {},
  });
  return drawn?.number ?? 0;
}
