// node healthcheck.mjs api | worker: exit code 0 if this container's role can do its work.
// An api is asked for its readiness. A worker has no port: it is healthy while it reaches what it takes jobs from and works on.
import { connect } from 'node:net';

// oxlint-disable-next-line node/no-process-env -- the container's settings, as Compose gives them
const { DATABASE_URL = '', REDIS_URL = '', PORT = '8000' } = process.env;
const timeoutMs = 4000;

async function checkApi() {
  const answer = await fetch(`http://127.0.0.1:${PORT}/readyz`, { signal: AbortSignal.timeout(timeoutMs) });
  if (!answer.ok) throw new Error(`/readyz answers ${answer.status}: ${await answer.text()}`);
}

function reach(url, defaultPort) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port || defaultPort), timeout: timeoutMs });
    socket.once('connect', () => resolve(socket.destroy()));
    socket.once('timeout', () => reject(new Error(`${hostname} does not answer`)));
    socket.once('error', reject);
  });
}

async function checkWorker() {
  await reach(DATABASE_URL, 5432);
  if (REDIS_URL !== '') await reach(REDIS_URL, 6379);
}

const checks = { api: checkApi, worker: checkWorker };
const check = checks[process.argv[2]];
if (check === undefined) throw new Error('usage: healthcheck.mjs api | worker');
try {
  await check();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'failed'}\n`);
  process.exit(1);
}
