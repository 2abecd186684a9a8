import type { Shutdown } from '@dossier/runtime/shutdown.ts';
import type { OpenNode } from './wire.ts';

/** Starts what the process shall be and registers how it is closed: first the API, which stops listening, then the workers. */
export async function startRoles(
  node: OpenNode,
  roles: { readonly api: boolean; readonly worker: boolean },
  shutdown: Shutdown,
): Promise<{ url: string | null }> {
  if (roles.worker) {
    const { startWorker } = await import('@dossier/worker/worker.ts');
    const worker = await startWorker(node);
    shutdown.add('the workers', () => worker.close());
  }
  if (!roles.api) return { url: null };
  const { startApi } = await import('@dossier/api/serve.ts');
  const { wireApi } = await import('@dossier/api/wire.ts');
  const { dependencies, closeEvents } = wireApi(node);
  shutdown.add('the events', closeEvents);
  const api = await startApi(dependencies);
  // Together: the API waits for those who follow the events.
  shutdown.add('the API', async () => {
    await Promise.all([closeEvents(), api.close()]);
  });
  return { url: api.url };
}
