import { execFile } from 'node:child_process';
import { getDefaultAutoSelectFamilyAttemptTimeout, setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createMasterProbe } from '@dossier/api/master-probe.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { createFeedClient } from '@dossier/replication/feed-client.ts';
import { bePatientWithAddresses, createOutboundLookup } from '@dossier/runtime/outbound-address.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';
import { startSlowListener } from '../kit/slow-listener.ts';
import type { SlowListener } from '../kit/slow-listener.ts';

const token = 'a-token-for-tests-of-thirty-two-characters';
const nodesDefault = getDefaultAutoSelectFamilyAttemptTimeout();
let master: EngineNode;
let line: SlowListener;

beforeAll(async () => {
  bePatientWithAddresses();
  master = await createEngineNode();
  line = await startSlowListener(Number(new URL(master.feedUrl).port));
});
afterAll(async () => {
  setDefaultAutoSelectFamilyAttemptTimeout(nodesDefault);
  await line.close();
  await master.close();
});

/** A name with two addresses: at the first connections take more than a second, at the other one nobody listens. */
const twoAddresses = createOutboundLookup((_name, _options, callback) =>
  callback(null, [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ]),
);

describe.runIf(process.platform === 'linux')('a master whose name has two addresses, of which one answers, over a slow line', () => {
  it('is reached', async () => {
    const client = createFeedClient({
      key: deriveSigningKey(token),
      remoteUrl: `http://master.example:${line.port}`,
      version: '1',
      now: () => new Date(),
      randomNonce: () => crypto.randomUUID(),
      lookup: twoAddresses,
    });
    await line.delayNext();
    const { status } = await client.get('/feed/', { maximumBytes: 100_000 });
    expect(status).toBe(200);
    client.close();
  });

  it('is not taken for away by the probe that permits offline deletions', async () => {
    const probe = createMasterProbe({ signingKey: deriveSigningKey(token), lookup: twoAddresses });
    await line.delayNext();
    expect(await probe(`http://master.example:${line.port}`)).toBe('available');
  });
});

it('every process of the program is patient', async () => {
  const executable = fileURLToPath(new URL('../../apps/cli/bin/dossier.mjs', import.meta.url));
  const preload = `data:text/javascript,import net from 'node:net';process.on('exit',()=>console.log(net.getDefaultAutoSelectFamilyAttemptTimeout()))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', preload, executable, '--help']);
  expect(Number(stdout.trim().split('\n').at(-1))).toBeGreaterThanOrEqual(4000);
});
