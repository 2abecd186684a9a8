import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openQueues } from '@dossier/jobs/queues.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { findClockTrouble } from '@dossier/postgres/clock.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { readNodeUuid } from '@dossier/registry/node.ts';
import { readNodeKey } from '@dossier/registry/node-keys.ts';
import { accessDatabase } from '../database-access.ts';
import { findNodeKey } from '../node-key.ts';
import { NodeKeyError } from '../node-key-error.ts';
import { failed, fromError, ok, skipped, warning } from './finding.ts';
import { checkCollations, checkRights, checkSearch } from './table-checks.ts';
import type { Finding } from './finding.ts';

/** A master that this node replicates from, with how many lists. */
export interface LinkedMaster {
  readonly url: string;
  readonly lists: number;
  /** The key by which it is known here; null where it never showed one. */
  readonly key: string | null;
}

export interface DatabaseFindings {
  readonly findings: Finding[];
  /** Empty where the database could not be asked. */
  readonly masters: LinkedMaster[];
  readonly nodeUuid: string | null;
  /** This host's key of the node. */
  readonly nodeKey: SigningKey | null;
}

/** Looks at the database, its schema and the queue, and finds out which masters are linked. The embedded database is started for it, not made. */
export async function checkDatabase(configuration: Configuration, logger: Logger): Promise<DatabaseFindings> {
  const none = (finding: Finding): DatabaseFindings => ({ findings: [finding], masters: [], nodeUuid: null, nodeKey: null });
  if (configuration.databaseUrl === null && !hasCluster(configuration.dataDir)) {
    return none(skipped('database', `There is no database in ${configuration.dataDir} yet: "dossier start" makes one.`));
  }
  const access = await accessDatabase(configuration, logger, { applicationName: 'dossier doctor', migrations: 'none', poolSize: 2 }).catch(
    (error: unknown) => fromError('database', error, 'Start PostgreSQL, or correct DATABASE_URL.'),
  );
  if ('check' in access) return none(access);
  try {
    const { database, url } = access;
    const nodeUuid = await readNodeUuid(database);
    const { nodeKey, finding } = await checkKey(database, configuration);
    const findings = [
      await describeDatabase(database, access.embedded),
      ...(await checkCollations(database)),
      ...(await checkRights(database)),
      ...(await checkSearch(database)),
      ...(await checkQueue(configuration, { url, nodeUuid, logger })),
      await checkClock(database),
      finding,
    ];
    const masters = await query<LinkedMaster>(
      database,
      `select k.remote_url as url, count(*) as lists, min(m.key) as key from links k left join masters m on m.remote_url = k.remote_url
       where k.state <> 'unlinking' group by k.remote_url order by k.remote_url`,
    );
    return { findings, masters, nodeUuid, nodeKey };
  } finally {
    await access.close();
  }
}

function hasCluster(dataDir: string): boolean {
  return existsSync(join(dataDir, 'postgres')) || existsSync(join(dataDir, 'postgres.location'));
}

async function describeDatabase(database: Database, embedded: boolean): Promise<Finding> {
  const server = await queryOne<{ version: string; size: string; dossiers: number; lists: number }>(
    database,
    `select current_setting('server_version') as version, pg_size_pretty(pg_database_size(current_database())) as size,
       (select count(*) from watch_lists) as lists, (select coalesce(sum(dossier_count), 0)::bigint from list_positions) as dossiers`,
  );
  const { version = '', size = '', lists = 0, dossiers = 0 } = server ?? {};
  const kind = embedded ? 'The embedded PostgreSQL' : 'PostgreSQL';
  return ok('database', `${kind} ${version} answers; its schema is this program's. ${lists} watch lists, ${dossiers} dossiers, ${size}.`);
}

/** Whether the clock goes on from what this node has seen of it. */
async function checkClock(database: Database): Promise<Finding> {
  const trouble = await findClockTrouble(database, new Date());
  if (trouble === null) return ok('clock', 'The clock is plausible, and has not jumped in the last week.');
  const remedy = 'Set the clock and let this host follow a time server (NTP). If the node was just off for so long, do nothing.';
  return trouble.present ? failed('clock', trouble.sentence, remedy) : warning('clock', trouble.sentence, remedy);
}

/** Whether the queue takes jobs and gives them, and whether workers take them. */
async function checkQueue(
  configuration: Configuration,
  { url, nodeUuid, logger }: { url: string; nodeUuid: string; logger: Logger },
): Promise<Finding[]> {
  const where = configuration.redisUrl === null ? 'PostgreSQL' : 'Redis';
  try {
    const queues = await openQueues({ redisUrl: configuration.redisUrl, databaseUrl: url, prefix: `dossier-${nodeUuid}`, logger });
    try {
      const caution = await queues.prove();
      const counts = await queues.counts();
      const waiting = Object.values(counts).reduce((sum, { waiting: jobs }) => sum + jobs, 0);
      const proved = ok('queue', `The queue is in ${where}, takes jobs and gives them; ${waiting} jobs wait.`);
      return [caution ? warning('queue', caution.sentence, caution.remedy) : proved, describeWorkers(await queues.lastWork())];
    } finally {
      await queues.close();
    }
  } catch (error) {
    const remedy = configuration.redisUrl === null ? 'Run "dossier migrate".' : 'Start Redis (6.2 or newer), or correct REDIS_URL.';
    return [fromError('queue', error, remedy)];
  }
}

/** A sweep comes every 15 seconds. */
const idleMinutes = 2;

function describeWorkers(last: Date | null): Finding {
  if (last === null) return skipped('workers', 'No worker has taken a job from this queue yet.');
  const minutes = Math.floor((Date.now() - last.getTime()) / 60_000);
  if (minutes < idleMinutes) return ok('workers', 'Workers take jobs.');
  return warning(
    'workers',
    `No worker has taken a job for ${minutes} minutes.`,
    'Start one ("dossier start" or "dossier worker"), or look at its log.',
  );
}

/** Whether this host has the key by which its node is known. */
async function checkKey(database: Database, configuration: Configuration): Promise<{ nodeKey: SigningKey | null; finding: Finding }> {
  const check = 'key';
  const known = await readNodeKey(database);
  if (known === null) return { nodeKey: null, finding: skipped(check, 'The node gets its key at its first start.') };
  try {
    const { nodeKey, keyFault } = await findNodeKey(database, configuration, known);
    if (keyFault === null) return { nodeKey, finding: ok(check, 'This host has the key by which its node is known.') };
    const tell = nodeKey === null ? failed : warning;
    return { nodeKey, finding: tell(check, keyFault.message, keyFault.remedy ?? '') };
  } catch (error) {
    if (!(error instanceof NodeKeyError)) throw error;
    return { nodeKey: null, finding: failed(check, error.message, error.remedy ?? '') };
  }
}
