import { readinessSchema } from '@dossier/protocol/health.ts';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NodeProcess } from '../kit/node-process.ts';
import { startRedisServer } from '../kit/redis-server.ts';

let server: Awaited<ReturnType<typeof startRedisServer>>;
let client: Redis;
let node: NodeProcess;

beforeAll(async () => {
  server = await startRedisServer();
  client = new Redis(server.redisUrl ?? '');
  client.on('error', () => undefined);
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  // A password that nobody asks for makes ioredis print a line.
  const redisUrl = (server.redisUrl ?? '').replace('redis://', 'redis://:geheim@');
  node = await NodeProcess.create('node', { topology: { workers: 1, redisUrl } });
});
afterAll(async () => {
  client.disconnect();
  await node.remove();
  await server.stop();
});

async function lights() {
  const [ready, metrics] = await Promise.all([
    fetch(`${node.url}/readyz`),
    fetch(`${node.url}/metrics`, { headers: { authorization: 'Token the-token-of-the-tests' } }).then((answer) => answer.text()),
  ]);
  const gauge = (name: string): string | undefined => new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1];
  return {
    code: ready.status,
    queue: readinessSchema.parse(await ready.json()).checks.queue,
    up: gauge('dossier_queue_up'),
    mayLose: gauge('dossier_queue_may_lose_jobs'),
    idle: gauge('dossier_queue_idle_seconds'),
  };
}

test('an evicting policy and a full memory are seen by /readyz, the metrics and the doctor, and no raw line is in the log', async () => {
  await node.until('at work', async () => (await lights()).idle !== undefined);
  expect(await lights()).toMatchObject({ code: 200, queue: expect.stringContaining('allkeys-lru'), up: '1', mayLose: '1' });
  expect((await node.onHost('doctor')).printed).toMatch(/allkeys-lru[^]*noeviction/);

  await client.config('SET', 'maxmemory-policy', 'noeviction');
  expect(await lights()).toMatchObject({ code: 200, queue: 'ok', up: '1', mayLose: '0' });
  expect((await node.onHost('doctor')).printed).toContain('takes jobs and gives them');

  await client.config('SET', 'maxmemory', '1');
  expect(await lights()).toMatchObject({ code: 503, queue: expect.stringContaining('maxmemory'), up: '0' });
  const found = await node.onHost('doctor');
  expect([found.code, found.printed]).toEqual([1, expect.stringMatching(/maxmemory[^]*Raise maxmemory/)]);
  await client.config('SET', 'maxmemory', '0');

  await server.pause();
  expect(await lights()).toMatchObject({ code: 503, up: '0' });
  await server.resume();
  await node.until('ready again', async () => (await lights()).code === 200);

  const all = (await node.log()).split('\n').filter((line) => line !== '');
  // Before them stands what "dossier migrate" has said.
  const lines = all.slice(all.findIndex((line) => line.startsWith('{')));
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) expect(() => JSON.parse(line) as unknown, line).not.toThrow();
  expect(lines.join('\n')).not.toContain('geheim');
});
