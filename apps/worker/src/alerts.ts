import { jobs } from '@dossier/jobs/declarations.ts';
import { noticeAlerts } from '@dossier/replication/link-alerts.ts';
import type { AlertChange } from '@dossier/replication/link-alerts.ts';
import { addDeliveries, listStrandedDeliveries } from '@dossier/accounts/webhook-deliveries.ts';
import type { Message } from '@dossier/accounts/webhook-deliveries.ts';
import type { WorkerDependencies } from './dependencies.ts';

/** A list is synced once a day: two hours after it should have been verified again, something is wrong. */
const overdueHours = 26;
const strandedSeconds = 60;

/** Tells the webhooks what changed about the links, and reminds the queue of messages that it may have lost. */
export async function tellOfAlerts(deps: WorkerDependencies): Promise<void> {
  const { database } = deps;
  const made: number[] = [];
  await noticeAlerts(database, overdueHours, async (tx, change) => {
    made.push(...(await addDeliveries(tx, describe(change, deps))));
  });
  for (const deliveryId of [...made, ...(await listStrandedDeliveries(database, strandedSeconds))]) {
    await deps.queues.enqueue(jobs.notify, { deliveryId });
  }
}

function describe(change: AlertChange, deps: WorkerDependencies): Message {
  const { error } = change;
  return {
    event: change.event,
    date: deps.now().toISOString(),
    node: deps.own.node,
    node_name: deps.configuration.nodeName,
    site: null,
    link: {
      slave_dossier_list: change.slave_list_id,
      name: change.name,
      remote_url: change.remote_url,
      remote_dossier_list: change.remote_list_id,
      state: change.state,
      verified_at: change.verified_at?.toISOString() ?? null,
      error: error === null ? null : { code: error.code, desc: error.desc, remedy: error.remedy },
    },
    sentence: sentenceOf(change),
  };
}

function sentenceOf({ event, name, verified_at: verifiedAt, photos_missing: photosMissing, error }: AlertChange): string {
  const list = `Watch list "${name}"`;
  const since =
    verifiedAt === null ? 'It was never equal to the master.' : `It was last equal to the master at ${verifiedAt.toISOString()}.`;
  if (event === 'recovered') return `${list} is synced again: it equals the master as of ${verifiedAt?.toISOString() ?? 'now'}.`;
  if (event === 'held') return `${list} waits for a person: the next sync would change more than its guards allow. ${since}`;
  if (event === 'overdue') {
    const lacking = photosMissing === 0 ? '' : ` Photos that it lacks and the master did not deliver: ${photosMissing}.`;
    return `${list} was not verified for more than ${overdueHours} hours. ${since}${lacking}`;
  }
  return `${list} could not be synced: ${error?.desc ?? 'see its last run.'} ${error?.remedy ?? ''} ${since}`.replaceAll(/ +/g, ' ');
}
