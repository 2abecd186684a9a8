import { pruneAudit } from '@dossier/accounts/audit.ts';
import { pruneFollowers } from '@dossier/feed/followers.ts';
import { pageDays } from '@dossier/feed/page-cache.ts';
import { pruneMadePages } from '@dossier/feed/page-writer.ts';
import { pruneRuns, pruneTombstones, sweepSets } from '@dossier/replication/upkeep.ts';
import { pruneDeliveries } from '@dossier/accounts/webhook-deliveries.ts';
import { readAgeMoment } from '@dossier/postgres/clock.ts';
import type { WorkerDependencies } from '../dependencies.ts';

const keptRuns = 1000;
const tombstoneDays = 90;
/** A slave that stays away for longer than tombstones are kept compares by content anyway. */
const followerDays = 90;
const deliveryDays = 30;
const temporaryFilesMs = 24 * 60 * 60 * 1000;

/** Forgets what is past its time: old runs, staging of runs that are over, tombstones, files of broken transfers. */
export function createPruneHandler({ database, photos, now }: WorkerDependencies) {
  return async (): Promise<void> => {
    await pruneRuns(database, keptRuns);
    await sweepSets(database);
    await pruneTombstones(database, tombstoneDays);
    await pruneAudit(database);
    await pruneDeliveries(database, deliveryDays);
    await pruneFollowers(database, followerDays);
    await pruneMadePages(database, pageDays + 1);
    const ageMoment = await readAgeMoment(database, now());
    if (ageMoment) await photos.sweepTemporary(new Date(ageMoment.getTime() - temporaryFilesMs));
  };
}
