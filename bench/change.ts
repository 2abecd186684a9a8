import { withClient } from './cluster.ts';
import type { BenchNode } from './workshop.ts';

/** Changes dossiers of a master's list, evenly spread over it, in one transaction: `mark` ends up in their `meta.mark`. */
export async function changeDossiers(
  master: BenchNode,
  { list, count, mark }: { list: number; count: number; mark: string },
): Promise<void> {
  await withClient(master.databaseUrl, (client) =>
    client.query(
      `update dossiers d set meta = jsonb_set(meta::jsonb, '{mark}', to_jsonb($3::text))::json, modified_date = now()
       from (
         select uuid from (
           select uuid, row_number() over (order by uuid) as at, count(*) over () as total from dossiers where set_id = set_of($1)
         ) m
         where at % greatest(1, total / $2) = 0 limit $2
       ) chosen
       where d.set_id = set_of($1) and d.uuid = chosen.uuid`,
      [list, count, mark],
    ),
  );
}
