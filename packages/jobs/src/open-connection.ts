import type { ConnectionOptions, ConnectionRole, QueueConnection } from './connection.ts';
import { openPostgresConnection } from './postgres-connection.ts';
import { openRedisConnection } from './redis-connection.ts';

/**
 * Opens the way to Redis if `redisUrl` is set, else to PostgreSQL, whose tables must be there (`migrateQueues`). Neither is
 * waited for. `poolSize` bounds the connections to PostgreSQL.
 */
export function openConnection(options: ConnectionOptions, role: ConnectionRole, poolSize: number): QueueConnection {
  if (options.redisUrl === null) return openPostgresConnection(options, role, poolSize);
  return openRedisConnection({ ...options, redisUrl: options.redisUrl });
}
