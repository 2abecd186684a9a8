import { getPriority } from 'node:os';
import { expect, it } from 'vitest';
import { NodeProcess } from '../kit/node-process.ts';

it('a worker lets the api of its host go first', async () => {
  const node = await NodeProcess.create('priority', { topology: { workers: 1 } });
  try {
    const [api, worker] = node.processes.map(({ pid }) => getPriority(pid));
    expect(api).toBe(getPriority());
    expect(worker).toBe(10);
  } finally {
    await node.remove();
  }
});
