import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { NodeProcess } from '@dossier/test/kit/node-process.ts';
import type { Topology } from '@dossier/test/kit/node-process.ts';
import type { Cleanup } from './cleanup.ts';
import { execute, startCluster } from './cluster.ts';
import type { Cluster } from './cluster.ts';

/** Where the measurements take place: two clusters, a folder for files, and the nodes that are started on demand. */
export interface Workshop {
  readonly masterCluster: Cluster;
  readonly slaveCluster: Cluster;
  readonly folder: string;
  readonly cleanup: Cleanup;
  /** Starts a node of real processes on a new database, with photos in `media` of its own folder. */
  startNode(role: 'master' | 'slave', options?: NodeOptions): Promise<BenchNode>;
}

export interface NodeOptions {
  topology?: Topology;
  environment?: Record<string, string>;
  /** Folder of the photos; by default one for all nodes of the same role. */
  mediaRoot?: string;
}

export interface BenchNode {
  readonly node: NodeProcess;
  readonly databaseUrl: string;
  readonly database: Database;
  readonly mediaRoot: string;
  /** Ends its processes and forgets its database. */
  remove(): Promise<void>;
}

/** Starts the two clusters. */
export async function openWorkshop(cleanup: Cleanup): Promise<Workshop> {
  const folder = await mkdtemp(join(tmpdir(), 'dossier-bench-'));
  cleanup.defer(folder, () => rm(folder, { recursive: true, force: true }));
  const masterCluster = await startCluster('master', cleanup);
  const slaveCluster = await startCluster('slave', cleanup);
  let made = 0;
  return {
    masterCluster,
    slaveCluster,
    folder,
    cleanup,
    async startNode(role, options = {}) {
      const cluster = role === 'master' ? masterCluster : slaveCluster;
      made += 1;
      const name = `${role}_${made}`;
      const mediaRoot = options.mediaRoot ?? mediaRootOf(folder, role);
      await mkdir(mediaRoot, { recursive: true });
      await execute(cluster.url('postgres'), `create database ${name}`);
      const database = openDatabase(cluster.url(name), { applicationName: 'bench', poolSize: 4 });
      const drop = async (): Promise<void> => {
        await database.destroy();
        await execute(cluster.url('postgres'), `drop database if exists ${name} with (force)`);
      };
      const node = await NodeProcess.create(`bench-${name}`, {
        topology: options.topology ?? { workers: 1 },
        environment: { MEDIA_ROOT: mediaRoot, LOG_LEVEL: 'warn', ...options.environment },
        test: { url: cluster.url(name), database, drop },
      });
      const remove = cleanup.defer(`the node ${name}`, () => node.remove());
      return { node, databaseUrl: cluster.url(name), database, mediaRoot, remove };
    },
  };
}

/** The folder of the photos of all masters, or of all slaves. */
export function mediaRootOf(folder: string, role: 'master' | 'slave'): string {
  return join(folder, `media-${role}`);
}

/** Starts a node's processes anew with nothing but its database and its photos: what it kept to answer faster is gone. */
export async function restartWithoutCaches({ node }: BenchNode): Promise<void> {
  await node.stop();
  await rm(join(node.folder, 'data'), { recursive: true, force: true });
  await node.start();
}
