import { linkStates } from '@dossier/domain/link.ts';
import type { LinkState } from '@dossier/domain/link.ts';
import { query, queryOne } from './database.ts';
import type { Connection } from './database.ts';

/** What a monitoring system asks of a slave. */
export interface ReplicationFigures {
  /** Every state, also those that no link is in. */
  links: { state: LinkState; count: number }[];
  /** Per replica the seconds since it was last verified; null: never. */
  ages: { list: number; seconds: number | null }[];
  deadLetters: number;
}

export async function readReplicationFigures(connection: Connection): Promise<ReplicationFigures> {
  const links = await query<{ list: number; state: LinkState; seconds: number | null }>(
    connection,
    `select slave_list_id as list, state, cast(extract(epoch from clock_timestamp() - verified_at) as float8) as seconds
     from links order by slave_list_id`,
  );
  const letters = await queryOne<{ count: number }>(connection, `select count(*) as count from dead_letters`);
  return {
    links: linkStates.map((state) => ({ state, count: links.filter((link) => link.state === state).length })),
    ages: links.map(({ list, seconds }) => ({ list, seconds })),
    deadLetters: letters?.count ?? 0,
  };
}
