import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ExitError } from '@dossier/runtime/errors.ts';
import { createApp } from './app.ts';
import { endStalled } from './connections.ts';
import type { ApiDependencies } from './dependencies.ts';

export interface RunningApi {
  /** Where the API is reached on this host, without a closing slash. */
  readonly url: string;
  /** Stops listening, lets requests under way end for a few seconds, then breaks them off. Further calls await the first. */
  close(): Promise<void>;
}

const closingTimeMs = 3000;
const headersMs = 60_000;

/** Starts the node's HTTP interface. Throws ExitError when the port can't be had. Port 0 takes any free one. */
export async function startApi(deps: ApiDependencies): Promise<RunningApi> {
  const { host, port } = deps.configuration;
  const app = createApp(deps);
  // How long a body may take is told by its route (refuseSlowBodies): Node would end a long import with a bare 408.
  const server = createServer({ requestTimeout: 0, headersTimeout: headersMs }, (request, response) => {
    // Many layers hear when an answer ends; that they are more than Node's ten is no leak.
    response.setMaxListeners(30);
    endStalled(response);
    app(request, response);
  });
  await listen(server, host, port);
  const { port: actual } = server.address() as AddressInfo;
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  let closing: Promise<void> | null = null;
  return {
    url: `http://${reachable}:${actual}`,
    async close() {
      closing ??= closeServer(server);
      await closing;
    },
  };
}

const reasons: Readonly<Record<string, { sentence: (place: string) => string; remedy: string }>> = {
  EADDRINUSE: { sentence: (place) => `Another program listens on ${place}.`, remedy: 'End it, or set PORT to a free one.' },
  EACCES: { sentence: (place) => `This user may not listen on ${place}.`, remedy: 'Set PORT to 1024 or above.' },
  EADDRNOTAVAIL: {
    sentence: (place) => `${place} is no address of this host.`,
    remedy: 'Set HOST to one of its addresses, or to 0.0.0.0.',
  },
  ENOTFOUND: { sentence: (place) => `${place} is not known.`, remedy: 'Set HOST to an address of this host, or to 0.0.0.0.' },
};

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? reasons[String(error.code)] : undefined;
    if (reason === undefined) throw error;
    throw new ExitError(1, reason.sentence(`${host}:${port}`), { remedy: reason.remedy, cause: error });
  }
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), closingTimeMs);
  await closed;
  clearTimeout(timer);
}
