import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** A port at which connections are taken late, as over a line on which a packet needs long. */
export interface SlowListener {
  readonly port: number;
  /** From now on connections are taken a second after they were asked for, or a little later, and not at once. Linux only. */
  delayNext(): Promise<void>;
  close(): Promise<void>;
}

/** What takes connections, and passes on what comes, in a process of its own that can be stopped: `backlog` is the shortest queue there is. */
const program = `
  const net = require('node:net');
  const server = net.createServer((client) => {
    const target = net.connect(Number(process.argv[1]), '127.0.0.1');
    client.pipe(target).pipe(client);
    for (const socket of [client, target]) socket.on('error', () => { client.destroy(); target.destroy(); });
  });
  server.listen({ port: 0, host: '0.0.0.0', backlog: 1 }, () => process.stdout.write(String(server.address().port) + '\\n'));
`;
/** The kernel drops what asks for a connection while the queue is full; the asker repeats it after a second. */
const heldMs = 700;

/** Passes on to this port of the host, from all its IPv4 addresses. */
export async function startSlowListener(target: number): Promise<SlowListener> {
  const child = spawn(process.execPath, ['-e', program, String(target)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  const fillers: Socket[] = [];
  return {
    port,
    async delayNext() {
      child.kill('SIGSTOP');
      for (let filled = 0; filled < 2; filled += 1) {
        const filler = connect(port, '127.0.0.1').on('error', () => undefined);
        fillers.push(filler);
        await once(filler, 'connect');
      }
      setTimeout(() => child.kill('SIGCONT'), heldMs);
    },
    async close() {
      for (const filler of fillers) filler.destroy();
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}
