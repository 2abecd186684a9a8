import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';

/**
 * Refuses to answer about lists that their master has withdrawn from this node: an empty answer would say that nobody is listed. Throws LIST_WITHDRAWN.
 * @param listIds those that are asked about; none: nothing is looked up, since an answer over all lists doesn't promise one of them
 */
export async function requireShown(connection: Connection, listIds: readonly number[] | undefined): Promise<void> {
  if (!listIds || listIds.length === 0) return;
  const [withdrawn] = await query<{ id: number; remote_url: string }>(
    connection,
    `select list_id as id, remote_url from withdrawn_lists where list_id = any(:listIds::bigint[]) and is_withdrawn(list_id) order by 1 limit 1`,
    { listIds: [...listIds] },
  );
  if (!withdrawn) return;
  throw new ApplicationError(
    'LIST_WITHDRAWN',
    `The master ${withdrawn.remote_url} has withdrawn watch list ${withdrawn.id} from this node.`,
    {
      remedy:
        'Let an administrator of the master grant it to this site again. Otherwise cancel the link: what you write into the list then is your own, and is shown.',
    },
  );
}
