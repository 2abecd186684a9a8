import { randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { signRequest } from '@dossier/protocol/request-signature.ts';
import { randomSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { createOutboundLookup, isRefusedAddress, RefusedAddressError } from '@dossier/runtime/outbound-address.ts';
import type { OutboundLookup } from '@dossier/runtime/outbound-address.ts';
import type { ProbeMaster } from './dependencies.ts';
import { softwareVersion } from './software-version.ts';

/** Enough for a name with two addresses, of which only the second answers, over a slow line. */
const timeoutMs = 10_000;

/**
 * Asks a master for its greeting, each time anew on a connection of its own. `unavailable`: refused, cut, not there within 10 seconds, TLS
 * that can't be trusted, or 5xx. Whatever else answers, also a refusal of the signature or a page of something else, is `available`.
 * @param signingKey null where SYNC_TOKEN is not set any more: then the master is asked with a signature that it will refuse
 */
export function createMasterProbe({
  signingKey,
  lookup = createOutboundLookup(),
}: {
  signingKey: SigningKey | null;
  lookup?: OutboundLookup;
}): ProbeMaster {
  const key = signingKey ?? randomSigningKey();
  return async (remoteUrl) => {
    try {
      const status = await askStatus(new URL(`${remoteUrl.replace(/\/+$/, '')}/feed/`), { key, lookup });
      return status < 500 ? 'available' : 'unavailable';
    } catch (error) {
      // Something listens there, be it no web server: that is no master which is away.
      return error instanceof Error && 'code' in error && String(error.code).startsWith('HPE_') ? 'available' : 'unavailable';
    }
  };
}

/** The status of the answer; what comes after it is not waited for. */
async function askStatus(url: URL, { key, lookup }: { key: SigningKey; lookup: OutboundLookup }): Promise<number> {
  if (isRefusedAddress(url.hostname)) throw new RefusedAddressError(url.hostname);
  const answered = Promise.withResolvers<number>();
  const request = (url.protocol === 'https:' ? https : http).request(url, {
    agent: false,
    lookup,
    headers: {
      ...signRequest(key, { method: 'GET', url: new URL('/feed/', url.origin) }, { now: new Date(), nonce: randomUUID() }),
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
