import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { webIsBuilt } from '@dossier/api/routes/pages.ts';
import { openPhotoStore } from '@dossier/photos/open-photo-store.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import { failed, fromError, ok, warning } from './finding.ts';
import type { Finding } from './finding.ts';

const gibibyte = 1024 ** 3;
const leastFreeBytes = gibibyte / 2;
const wiseFreeBytes = 5 * gibibyte;
const healthMs = 3000;

/** Whether a node of ours answers on HOST and PORT, nobody does, or somebody else. */
export async function checkPort({ host, port }: Configuration): Promise<Finding> {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  const url = `http://${reachable}:${port}`;
  const healthy = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(healthMs) }).then(
    async (response) => (await response.text()).includes('"ok"'),
    () => false,
  );
  if (healthy) return ok('port', `A node answers at ${url}.`);
  const fault = await tryListen(host, port);
  if (fault === null) return ok('port', `Nobody listens on ${host}:${port}: the node does not run, and could.`);
  if (fault === 'EADDRINUSE') return failed('port', `Another program listens on ${host}:${port}.`, 'End it, or set PORT to a free one.');
  return failed(
    'port',
    `Nobody can listen on ${host}:${port} (${fault}).`,
    'Set HOST to an address of this host, and PORT to 1024 or above.',
  );
}

/** Null, or the code of what stands against it. */
async function tryListen(host: string, port: number): Promise<string | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}

/** Whether the disk below DATA_DIR has room for a database and photos to grow. */
export async function checkDisk({ dataDir }: Configuration): Promise<Finding> {
  let folder = dataDir;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const sentence = `${(free / gibibyte).toFixed(1)} GB are free for ${dataDir}.`;
  if (free < leastFreeBytes) return failed('disk', sentence, 'Free disk space: a sync that finds none fails, and PostgreSQL stops.');
  if (free < wiseFreeBytes) return warning('disk', sentence, 'Make room before lists and photos grow: a replacement needs a list twice.');
  return ok('disk', sentence);
}

/** Whether photos can be written. */
export async function checkPhotos({ mediaRoot }: Configuration): Promise<Finding> {
  try {
    await openPhotoStore(mediaRoot).check();
    return ok('photos', `Photos can be written to ${mediaRoot}.`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failed(
      'photos',
      `Photos can't be written to ${mediaRoot}: ${reason}`,
      'Give this user the right to write there, or set MEDIA_ROOT to another place.',
    );
  }
}

/** Whether the token is there and long enough; its fingerprint is what two sites compare. */
export function checkToken({ syncToken }: Configuration): Finding {
  if (syncToken === null) {
    return warning(
      'token',
      'SYNC_TOKEN is not set: this node neither serves its lists nor links.',
      'Set the same text on all sites: "dossier token new" (or openssl rand -hex 32) makes one.',
    );
  }
  const fingerprint = `Its fingerprint is ${deriveSigningKey(syncToken).id}, and must be the same on all sites.`;
  if (syncToken.length >= 32) return ok('token', `SYNC_TOKEN is set. ${fingerprint}`);
  return warning(
    'token',
    `SYNC_TOKEN has only ${syncToken.length} characters. ${fingerprint}`,
    'A short one can be guessed from a recorded request: "dossier token new" (or openssl rand -hex 32) makes a good one.',
  );
}

/** Whether the web interface can be served. */
export function checkWeb(): Finding {
  if (webIsBuilt()) return ok('web', 'The web interface is built.');
  return warning('web', 'The web interface is not built: people see the sign-in page only.', 'npm run build');
}

/** EXTERNAL_ADDRESS is compared with each master's; here only whether it leads a browser anywhere is said. */
export function checkExternalAddress({ externalAddress }: Configuration): Finding {
  if (externalAddress === null) return ok('address', 'EXTERNAL_ADDRESS is not set; then it must not be set on the other sites either.');
  return ok('address', `EXTERNAL_ADDRESS is ${externalAddress}, and must be the same on all sites.`);
}

/** For findings of what could not even be looked at. */
export async function guarded(check: string, look: () => Promise<Finding> | Finding): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    return fromError(check, error, 'Mend what the sentence says, and look again.');
  }
}
