import http from 'node:http';
import { expect, it } from 'vitest';
import { Network } from './network.ts';
import { Scheduler, Task } from './scheduler.ts';

/** Asks once and reads until the connection ends, in order or not. */
function ask(agent: http.Agent): Promise<number | 'broken'> {
  return new Promise((resolve) => {
    const request = http.get('http://master.test/', { agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 'broken'));
    });
    request.once('error', () => resolve('broken'));
  });
}

it('brings every altered request to an end, also one that no longer says that its connection ends with it', async () => {
  const scheduler = new Scheduler(() => Promise.resolve(0));
  const network = new Network(
    http.createServer((_request, response) => response.end('answered')),
    scheduler,
  );
  network.enabled = ['request-altered'];
  const task = new Task('asker', { key: 'network', yieldRate: 0, faultRate: 1 });
  const agent = network.agent();
  const asked = Array.from({ length: 300 }, () => scheduler.tasks.run(task, () => ask(agent)));
  const ends = await Promise.all(asked);
  expect(ends).toContain(200);
  expect(ends).toContain(400);
});
