import { join } from 'node:path';
import { pruneAudit } from '@dossier/accounts/audit.ts';
import { eraseHistory } from '@dossier/accounts/history.ts';
import { pruneImports } from '@dossier/accounts/imports.ts';
import { pruneReads } from '@dossier/accounts/reads.ts';
import { pruneFollowers } from '@dossier/feed/followers.ts';
import { pageDays } from '@dossier/feed/page-cache.ts';
import { forgetPages } from '@dossier/feed/page-upkeep.ts';
import { pruneMadePages } from '@dossier/feed/page-writer.ts';
import { pruneReadings } from '@dossier/feed/readings.ts';
import { pruneBin } from '@dossier/registry/bin/erase.ts';
import { pruneJournals, pruneSettled } from '@dossier/replication/retention.ts';
import { pruneRuns, pruneTombstones, sweepSets } from '@dossier/replication/upkeep.ts';
import { pruneDeliveries } from '@dossier/accounts/webhook-deliveries.ts';
import { readAgeMoment } from '@dossier/postgres/clock.ts';
import { withReserve } from '@dossier/postgres/disk-reserve.ts';
import { Attempts } from '../attempts.ts';
import type { WorkerDependencies } from '../dependencies.ts';

const keptRuns = 1000;
const tombstoneDays = 90;
/** A slave that stays away for longer than tombstones are kept compares by content anyway. */
const followerDays = 90;
/** As long as tombstones are kept: a consumer that stays away for longer starts over anyway. */
const readingDays = tombstoneDays;
/** Of one list. Those that are in use are the newest. */
const keptReadings = 10_000;
const deliveryDays = 30;
/** For so long the last sync of a list can be taken back. */
const undoDays = 14;
const settledDays = 90;
/** For so long it is kept what became of a dossier that is in no list any more. */
const historyDays = 30;
const temporaryFilesMs = 24 * 60 * 60 * 1000;

/** Forgets what is past its time, each kind whatever becomes of the others; what went wrong is thrown at the end. */
export function createPruneHandler({ configuration, database, photos, now }: WorkerDependencies) {
  const sweepTemporaryFiles = async (): Promise<void> => {
    const ageMoment = await readAgeMoment(database, now());
    if (ageMoment) await photos.sweepTemporary(new Date(ageMoment.getTime() - temporaryFilesMs));
  };
  return async (): Promise<void> => {
    const attempts = new Attempts();
    for (const forget of [
      () => pruneRuns(database, keptRuns),
      () => pruneBin(database, configuration.binDays),
      () => sweepSets(database),
      () => pruneTombstones(database, tombstoneDays),
      () => pruneJournals(database, undoDays),
      () => pruneSettled(database, settledDays),
      () => pruneAudit(database),
      () => eraseHistory(database, historyDays),
      () => pruneImports(database),
      () => pruneReads(database, configuration.readLogDays),
      () => pruneDeliveries(database, deliveryDays),
      () => pruneFollowers(database, followerDays),
      () => pruneMadePages(database, pageDays + 1),
      () => forgetPages(database, join(configuration.dataDir, 'pages')),
      () => pruneReadings(database, { days: readingDays, keep: keptReadings }),
      () => sweepTemporaryFiles(),
    ] satisfies (() => Promise<unknown>)[]) {
      // It makes space where the disk is full.
      await attempts.attempt(async () => void (await withReserve<unknown>(database, forget)));
    }
    attempts.finish();
  };
}
