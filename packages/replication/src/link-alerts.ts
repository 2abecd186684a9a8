import type { Knex } from 'knex';
import type { LinkState } from '@dossier/domain/link.ts';
import type { SyncError } from '@dossier/protocol/sync.ts';
import type { WebhookEvent } from '@dossier/protocol/webhook.ts';
import { liesAhead } from '@dossier/postgres/clock.ts';
import { query, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';

/** A link whose condition is another one than was last told of, with what it is now. */
export interface AlertChange {
  event: WebhookEvent;
  slave_list_id: number;
  name: string;
  remote_url: string;
  remote_list_id: number;
  state: LinkState;
  verified_at: Date | null;
  /** Photos that the replica lacks, which keep it from being verified. */
  photos_missing: number;
  error: SyncError | null;
}

/**
 * Finds the links whose condition changed since it was last told of, keeps the new one, and calls `tell` for each in the same transaction:
 * each change is told of exactly once, by whichever process looks first. `failed`: no further attempt follows by itself; `held`: a guard
 * waits; `overdue`: not verified for `overdueHours`; `recovered`: synced, and nothing of this.
 */
export async function noticeAlerts(
  database: Database,
  overdueHours: number,
  tell: (transaction: Knex.Transaction, change: AlertChange) => Promise<void>,
): Promise<void> {
  await transaction(database, async (tx) => {
    await query(tx, `lock table link_alerts in share row exclusive mode`);
    await query(tx, `delete from link_alerts a where not exists (select from links k where k.slave_list_id = a.slave_list_id)`);
    const changes = await query<AlertChange>(
      tx,
      `with present as (
         select k.*, case
           when k.state = 'held' then 'held'
           when d.id is not null or (k.state = 'failed' and k.error ->> 'next_attempt' is null) then 'failed'
           when coalesce(case when not ${liesAhead('k.verified_at')} then k.verified_at end, k.created_date) < now() - make_interval(hours => :overdueHours) then 'overdue'
         end as kind
         from links k left join dead_letters d on d.slave_list_id = k.slave_list_id where k.state <> 'unlinking'
       )
       select coalesce(p.kind, 'recovered') as event, p.slave_list_id, l.name, p.remote_url, p.remote_list_id, p.state, p.verified_at, p.error,
         (select count(*) from missing_photos m where m.slave_list_id = p.slave_list_id) as photos_missing
       from present p join watch_lists l on l.id = p.slave_list_id left join link_alerts a on a.slave_list_id = p.slave_list_id
       where p.kind is distinct from a.kind and (p.kind is not null or p.state = 'synced')
       order by p.slave_list_id`,
      { overdueHours },
    );
    for (const change of changes) {
      await (change.event === 'recovered'
        ? query(tx, `delete from link_alerts where slave_list_id = :list`, { list: change.slave_list_id })
        : query(
            tx,
            `insert into link_alerts (slave_list_id, kind) values (:list, :kind)
             on conflict (slave_list_id) do update set kind = excluded.kind, since = now()`,
            { list: change.slave_list_id, kind: change.event },
          ));
      await tell(tx, change);
    }
  });
}
