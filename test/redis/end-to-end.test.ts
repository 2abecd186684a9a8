import { afterAll } from 'vitest';
import type { FaultyServer } from '../kit/faulty-server.ts';
import { startRedisServer } from '../kit/redis-server.ts';
import { specify } from '../kit/specification.ts';

let redis: Promise<FaultyServer> | undefined;

async function redisUrl(): Promise<string> {
  redis ??= startRedisServer();
  const url = (await redis).redisUrl;
  if (url === null) throw new Error('the Redis of the tests has no URL');
  return url;
}
afterAll(async () => {
  await (await redis)?.stop();
});

specify('the specification, on nodes of one process with the queue in Redis', async () => ({
  workers: 'in the same process',
  redisUrl: await redisUrl(),
}));
specify('the specification, on nodes of one api and three workers with the queue in Redis', async () => ({
  workers: 3,
  redisUrl: await redisUrl(),
}));
