import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ExitError } from '@dossier/runtime/errors.ts';

const executable = fileURLToPath(new URL('../../bin/dossier.mjs', import.meta.url));
const readyWithinMs = 120_000;
const pollMs = 200;
const stopWithinMs = 12_000;

/** One of the demo's nodes: its own process, data folder and port. */
export interface DemoNode {
  name: string;
  url: string;
  folder: string;
  environment: NodeJS.ProcessEnv;
  process: ChildProcess;
}

/** The first free port of this machine from `first` on. */
export async function findFreePort(first: number): Promise<number> {
  for (let port = first; port < first + 1000; port += 1) {
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new ExitError(1, `No port from ${first} to ${first + 999} is free.`, { remedy: 'End what listens there.' });
}

/** Starts a node; its output goes to `node.log` in its folder. In a group of its own, so that Ctrl-C reaches it only through the demo. */
export async function startNode(options: {
  name: string;
  folder: string;
  port: number;
  environment: NodeJS.ProcessEnv;
}): Promise<DemoNode> {
  const { name, folder, port } = options;
  const environment = { ...options.environment, NODE_NAME: name, DATA_DIR: folder, HOST: '127.0.0.1', PORT: String(port) };
  const log = await open(join(folder, 'node.log'), 'a');
  const child = spawn(process.execPath, [executable, 'start'], {
    env: environment,
    cwd: folder,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  return { name, folder, url: `http://127.0.0.1:${port}`, environment, process: child };
}

/** Resolves once the node serves. Throws ExitError with the end of its log if it ends before. */
export async function waitUntilReady(node: DemoNode): Promise<void> {
  const deadline = performance.now() + readyWithinMs;
  while (performance.now() < deadline) {
    if (node.process.exitCode !== null || node.process.signalCode !== null) break;
    const ready = await fetch(`${node.url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await delay(pollMs);
  }
  const log = await readFile(join(node.folder, 'node.log'), 'utf8');
  throw new ExitError(1, `The demo's ${node.name} did not start:\n${log.trimEnd().split('\n').slice(-8).join('\n')}`, {
    remedy: 'If it tells of damaged data, forget it with --fresh.',
  });
}

/** Runs another `dossier` command for a node; resolves with its standard output. Throws ExitError when it fails. */
export async function runCommand(node: DemoNode, parameters: readonly string[]): Promise<string> {
  return runScript([executable, ...parameters], { ...node, title: `"dossier ${parameters[0]}" of the demo's ${node.name}` });
}

/** Runs a script with this Node; resolves with its standard output. Throws ExitError when it fails. */
export async function runScript(
  parameters: readonly string[],
  { title, environment, folder }: { title: string; environment: NodeJS.ProcessEnv; folder: string },
): Promise<string> {
  const child = spawn(process.execPath, parameters, { env: environment, cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new ExitError(1, `${title} ended with ${code}.\n${output.slice(-500)}`);
  return output;
}

/** Ends a node as a person would, and waits for it. */
export async function stopNode(node: DemoNode): Promise<void> {
  if (node.process.exitCode !== null || node.process.signalCode !== null) return;
  const ended = once(node.process, 'exit');
  node.process.kill('SIGTERM');
  const timer = setTimeout(() => node.process.kill('SIGKILL'), stopWithinMs);
  await ended;
  clearTimeout(timer);
}
