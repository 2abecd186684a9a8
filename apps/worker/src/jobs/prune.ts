import { pruneAudit } from '@dossier/store/audit.ts';
import { readAgeMoment } from '@dossier/store/clock.ts';
import { pruneFollowers } from '@dossier/store/followers.ts';
import { pruneRuns, pruneTombstones } from '@dossier/store/upkeep.ts';
import { pruneDeliveries } from '@dossier/store/webhook-deliveries.ts';
import type { WorkerDependencies } from '../dependencies.ts';

const keptRuns = 1000;
const tombstoneDays = 90;
/** A slave that stays away for longer than tombstones are kept compares by content anyway. */
const followerDays = 90;
const deliveryDays = 30;
const temporaryFilesMs = 24 * 60 * 60 * 1000;

/** Forgets what is past its time: old runs, staging of runs that are over, tombstones, files of broken transfers. */
export function createPruneHandler({ database, photos }: WorkerDependencies) {
  return async (): Promise<void> => {
    await pruneRuns(database, keptRuns);
    await pruneTombstones(database, tombstoneDays);
    await pruneAudit(database);
    await pruneDeliveries(database, deliveryDays);
    await pruneFollowers(database, followerDays);
    const ageMoment = await readAgeMoment(database);
    if (ageMoment) await photos.sweepTemporary(new Date(ageMoment.getTime() - temporaryFilesMs));
  };
}
