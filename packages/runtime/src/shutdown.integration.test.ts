import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { describe, expect, it } from 'vitest';

interface Ending {
  readonly code: number | null;
  readonly lines: readonly string[];
}

type Send = (signal: NodeJS.Signals) => void;

/** Runs the fixture and calls `react` with each message that it logs. */
async function run(flaw: string, react: (message: string, send: Send) => void): Promise<Ending> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'shutdown.fixture.ts'), flaw], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg } = JSON.parse(line) as { msg: string };
    lines.push(msg);
    react(msg, (signal) => child.kill(signal));
  }
  const [code] = await exit;
  return { code, lines };
}

describe('a process with an installed shutdown', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('closes and exits 0 after %s', async (signal) => {
    const ending = await run('none', (message, send) => {
      if (message === 'ready') send(signal);
    });
    expect(ending).toEqual({ code: 0, lines: ['ready', 'closing', 'first closed'] });
  });

  it('takes two signals within a moment for one, as npm doubles Ctrl-C', async () => {
    const ending = await run('hangs', (message, send) => {
      if (message === 'ready' || message === 'closing') send('SIGINT');
    });
    expect(ending.lines).toEqual(['ready', 'closing', 'first closed', 'did not close cleanly']);
  });

  it('closes the others, says so and exits 1 when one hangs', async () => {
    const ending = await run('hangs', (message, send) => {
      if (message === 'ready') send('SIGTERM');
    });
    expect(ending).toEqual({ code: 1, lines: ['ready', 'closing', 'first closed', 'did not close cleanly'] });
  });

  it('exits at once after a second signal', async () => {
    const ending = await run('hangs', (message, send) => {
      if (message === 'ready') send('SIGTERM');
      // The hanging closer keeps the process for 750 ms; what comes after half a second is a second wish.
      if (message === 'closing') setTimeout(send, 600, 'SIGTERM');
    });
    expect(ending).toEqual({ code: 1, lines: ['ready', 'closing', 'second signal: ending at once'] });
  });

  it('closes and exits 1 after an error that nobody caught', async () => {
    const ending = await run('throws', () => {});
    expect(ending).toEqual({ code: 1, lines: ['ready', 'an error nobody caught: closing', 'first closed'] });
  });
});
