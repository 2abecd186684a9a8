import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFaultProxy } from '../kit/fault-proxy.ts';
import type { FaultProxy } from '../kit/fault-proxy.ts';
import { NodeProcess } from '../kit/node-process.ts';

/* What must not get out, in runs of real processes, and what must go on while secrets change. */

const secrets = {
  SYNC_TOKEN: 'sync-SECRET-4f1c9a7e',
  SYNC_TOKEN_PREVIOUS: 'previous-SECRET-77b0',
  ADMIN_PASSWORD: 'password-SECRET-c2d8',
  ADMIN_TOKEN: 'the-token-of-the-tests',
};

let master: NodeProcess;
let slave: NodeProcess;
let proxy: FaultProxy;
beforeAll(async () => {
  const environment = { ...secrets, LOG_LEVEL: 'trace', INSTALLED_APPS: 'ffsecurity_sync' };
  master = await NodeProcess.create('master', { topology: { workers: 'in the same process' }, environment });
  slave = await NodeProcess.create('slave', { topology: { workers: 1 }, environment });
  proxy = await startFaultProxy(master.port);
});
afterAll(async () => {
  proxy.close();
  await Promise.all([master.remove(), slave.remove()]);
});

async function linkLists(name: string, url = master.url): Promise<{ remote: number; local: number }> {
  const remote = await master.makeList(name);
  await master.makeDossier([remote], { name: `${name} one` });
  const local = await slave.makeList(name);
  await slave.link(url, remote, local);
  return { remote, local };
}

const basic = (name: string, password: string) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

describe('secrets', () => {
  it('are in no log, line, page, answer, job, figure or title of a process', async () => {
    const seen: string[] = [];
    const ask = async (node: NodeProcess, path: string, options: RequestInit = {}): Promise<void> => {
      const response = await fetch(node.url + path, { redirect: 'manual', ...options });
      seen.push(`${path.split('?')[0]}\n${JSON.stringify([...response.headers])}\n${await response.text()}`);
    };
    const admin = { authorization: `Token ${secrets.ADMIN_TOKEN}` };

    const { local } = await linkLists('secrets', proxy.url);
    await slave.linkIn(local, 'synced');
    proxy.mode = 'refuse';
    await slave.call('POST', `/sync/dossier-lists/${local}/sync/`, {});
    await slave.linkIn(local, 'failed');
    proxy.mode = 'pass';
    for (const node of [master, slave]) {
      for (const password of [secrets.ADMIN_PASSWORD, 'wrong']) {
        const signedIn = await fetch(`${node.url}/auth/login/?cookie=1`, {
          method: 'POST',
          headers: { authorization: basic('admin', password) },
        });
        await signedIn.arrayBuffer();
      }
      for (const path of [
        '/settings/',
        '/node/',
        '/metrics',
        '/openapi.json',
        '/ui/',
        '/docs/',
        '/users/',
        '/tokens/',
        '/audit/',
        '/readyz',
        '/sync/dossier-lists/',
      ]) {
        await ask(node, path, { headers: admin });
      }
      for (const queue of ['commands', 'sync', 'dead-letters'])
        await ask(node, `/queues/api/queues?activeQueue=${queue}&status=latest&page=1`, { headers: admin });
      await ask(node, `/nothing/?token=${secrets.ADMIN_TOKEN}&password=${secrets.ADMIN_PASSWORD}`, { headers: admin });
      await ask(node, '/sync/test/', {
        method: 'POST',
        headers: { ...admin, 'content-type': 'application/json' },
        body: JSON.stringify({ remote_url: proxy.url }),
      });
      await ask(node, '/dossiers/', { method: 'POST', headers: { ...admin, 'content-type': 'application/json' }, body: '{"name":' });
      for (const { pid } of node.processes) {
        seen.push(`cmdline ${await readFile(`/proc/${pid}/cmdline`, 'utf8')} ${await readFile(`/proc/${pid}/comm`, 'utf8')}`);
      }
      const rows = await query<{ text: string }>(
        node.test.database,
        `select cast(row(u.*) as text) as text from users u union all select cast(row(t.*) as text) from tokens t
         union all select cast(row(r.*) as text) from runs r union all select cast(row(l.*) as text) from links l
         union all select cast(row(d.*) as text) from dead_letters d union all select cast(row(b.*) as text) from known_browsers b
         union all select cast(row(a.*) as text) from attempts a union all select cast(row(a.*) as text) from pg_stat_activity a`,
      );
      seen.push(...rows.map((row) => row.text));
    }
    const logs = `${await master.log()}${await slave.log()}`;
    expect(logs).toContain('/auth/login/');
    expect(proxy.passed).toContain('/feed/');
    for (const [what, secret] of Object.entries(secrets)) {
      const forms = [secret, Buffer.from(secret).toString('base64'), basic('admin', secret).slice(6), encodeURIComponent(secret)];
      for (const form of forms) {
        for (const text of seen) expect(text, `${what} in ${text.slice(0, 60)}`).not.toContain(form);
        expect(logs, `${what} in a log`).not.toContain(form);
        expect(proxy.passed, `${what} on the line`).not.toContain(form);
      }
    }
  });

  it('can be rotated: no sync is lost while one node has the new token and the other still the old one, nor by a site that is known by its key', async () => {
    const { remote, local } = await linkLists('rotation');
    await slave.linkIn(local, 'synced');
    const renew = async (node: NodeProcess, environment: Record<string, string>): Promise<void> => {
      await node.stop();
      node.environment = { ...node.environment, ...environment };
      await node.start();
    };
    const expectSync = async (): Promise<void> => {
      const name = `dossier ${Math.round(performance.now())}`;
      await master.makeDossier([remote], { name });
      expect(await slave.sync(local)).toMatchObject({ state: 'synced', added: 1 });
      expect((await slave.dossiers(local)).map((dossier) => dossier.name)).toContain(name);
    };
    await renew(master, { SYNC_TOKEN: 'new-SECRET-0a1b', SYNC_TOKEN_PREVIOUS: secrets.SYNC_TOKEN });
    await expectSync();
    await renew(slave, { SYNC_TOKEN: 'new-SECRET-0a1b', SYNC_TOKEN_PREVIOUS: secrets.SYNC_TOKEN });
    await expectSync();
    await renew(master, { SYNC_TOKEN_PREVIOUS: 'unrelated' });
    await expectSync();
    await renew(slave, { SYNC_TOKEN: secrets.SYNC_TOKEN });
    await expectSync();
    await renew(slave, { SYNC_TOKEN: 'new-SECRET-0a1b' });
    await expectSync();
  });
});

describe('TLS to a master', () => {
  it('with a certificate of a private authority works with NODE_EXTRA_CA_CERTS, and not without', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dossier-tls-'));
    const openssl = (...given: string[]): void => void execFileSync('openssl', given, { cwd: folder, stdio: 'ignore' });
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '2',
      '-subj',
      '/CN=Private authority',
    );
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'node.key', '-out', 'node.csr', '-subj', '/CN=localhost');
    await writeFile(join(folder, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
    openssl(
      'x509',
      '-req',
      '-in',
      'node.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      'names',
      '-out',
      'node.pem',
    );
    const [key, cert] = await Promise.all([readFile(join(folder, 'node.key')), readFile(join(folder, 'node.pem'))]);
    const front = createTlsServer({ key, cert }, (socket) => {
      const inner = connect(master.port, '127.0.0.1');
      socket.pipe(inner).pipe(socket);
      for (const each of [socket, inner]) each.on('error', () => each.destroy());
    }).listen(0, '127.0.0.1');
    await once(front, 'listening');
    const url = `https://localhost:${(front.address() as AddressInfo).port}`;
    try {
      const { local } = await linkLists('tls', url);
      const failed = await slave.linkIn(local, 'failed');
      expect(failed.error).toMatchObject({ code: 'MASTER_UNREACHABLE', remedy: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
      await slave.stop();
      slave.environment = { ...slave.environment, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
      await slave.start();
      await slave.call('POST', `/sync/dossier-lists/${local}/sync/`, {});
      await slave.linkIn(local, 'synced');
      expect(await slave.dossiers(local)).toHaveLength(1);
    } finally {
      front.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** Sends bytes as they are and gives all statuses that come back until the connection closes. */
async function speak(bytes: string): Promise<string[]> {
  const socket = connect(master.port, '127.0.0.1');
  socket.end(bytes.replaceAll('\n', '\r\n'));
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return [...answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map((match) => match[1] ?? '');
}

describe('requests that two servers could read in two ways', () => {
  const hidden = 'GET /dossiers/ HTTP/1.1\nHost: x\nAuthorization: Token the-token-of-the-tests\n\n';
  const ambiguous: [string, string][] = [
    [
      'a length and chunks',
      `POST /auth/login/ HTTP/1.1\nHost: x\nContent-Length: ${hidden.length}\nTransfer-Encoding: chunked\n\n0\n\n${hidden}`,
    ],
    ['two lengths', `POST /auth/login/ HTTP/1.1\nHost: x\nContent-Length: 0\nContent-Length: ${hidden.length}\n\n${hidden}`],
    ['chunks that are not the last coding', `POST /auth/login/ HTTP/1.1\nHost: x\nTransfer-Encoding: chunked, identity\n\n0\n\n${hidden}`],
    ['a space before the colon', `POST /auth/login/ HTTP/1.1\nHost: x\nTransfer-Encoding : chunked\n\n0\n\n${hidden}`],
    ['a folded header', `GET /healthz HTTP/1.1\nHost: x\nX: a\n b: c\n\n`],
    ['no host', 'GET /healthz HTTP/1.1\n\n'],
    ['two hosts', 'GET /healthz HTTP/1.1\nHost: x\nHost: y\n\n'],
    ['two hosts in one', 'GET /healthz HTTP/1.1\nHost: x, y\n\n'],
    ['HTTP/0.9', 'GET /healthz\n\n'],
    ['a bare line feed in a header', 'GET /healthz HTTP/1.1\nHost: x\nX: a\u0000b\n\n'],
  ];
  it.each(ambiguous)('%s: refused, and nothing after it is answered', async (_what, bytes) => {
    expect(await speak(bytes)).toEqual(['400']);
  });
});
