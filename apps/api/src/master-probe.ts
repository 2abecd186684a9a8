import { randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { signRequest } from '@dossier/protocol/request-signature.ts';
import { randomSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { createOutboundLookup, isRefusedAddress, RefusedAddressError } from '@dossier/runtime/outbound-address.ts';
import type { ProbeMaster } from './dependencies.ts';
import { softwareVersion } from './software-version.ts';

const timeoutMs = 5000;
const lookup = createOutboundLookup();

/**
 * Asks a master for its greeting, each time anew on a connection of its own. `unavailable`: refused, cut, not there within 5 seconds, TLS
 * that can't be trusted, or 5xx. Whatever else answers, also a refusal of the signature or a page of something else, is `available`.
 * @param signingKey null where SYNC_TOKEN is not set any more: then the master is asked with a signature that it will refuse
 */
export function createMasterProbe({ signingKey }: { signingKey: SigningKey | null }): ProbeMaster {
  const key = signingKey ?? randomSigningKey();
  return async (remoteUrl) => {
    try {
      const status = await askStatus(new URL(remoteUrl), key);
      return status < 500 ? 'available' : 'unavailable';
    } catch (error) {
      // Something listens there, be it no web server: that is no master which is away.
      return error instanceof Error && 'code' in error && String(error.code).startsWith('HPE_') ? 'available' : 'unavailable';
    }
  };
}

/** The status of the answer; what comes after it is not waited for. */
async function askStatus(base: URL, key: SigningKey): Promise<number> {
  if (isRefusedAddress(base.hostname)) throw new RefusedAddressError(base.hostname);
  const url = new URL(`${base.pathname.replace(/\/+$/, '')}/feed/`, base.origin);
  const answered = Promise.withResolvers<number>();
  const request = (url.protocol === 'https:' ? https : http).request(url, {
    agent: false,
    lookup,
    headers: {
      ...signRequest(key, { method: 'GET', url: new URL('/feed/', base.origin) }, { now: new Date(), nonce: randomUUID() }),
      'user-agent': `dossier/${softwareVersion}`,
    },
    signal: AbortSignal.timeout(timeoutMs),
  });
  request.once('response', (response) => {
    answered.resolve(response.statusCode ?? 0);
    response.destroy();
  });
  // Heard on: a request that is over may still fail.
  request.on('error', (error) => answered.reject(error));
  request.end();
  return answered.promise;
}
