import { isIP } from 'node:net';
import type { Request } from 'express';
import type { RelyingParty } from '@dossier/accounts/passkeys.ts';
import { conflict } from '@dossier/runtime/errors.ts';
import type { ApiDependencies } from './dependencies.ts';
import { pageOrigin } from './public-origin.ts';

/**
 * Who asks a passkey to sign, as the browser sees it: each name of a node has passkeys of its own. CONFLICT for an address of digits, for which browsers make none
 * (WebAuthn Level 3).
 */
export function relyingParty(
  request: Request,
  { configuration, nodeUuid }: Pick<ApiDependencies, 'configuration' | 'nodeUuid'>,
): RelyingParty {
  const { origin, hostname } = pageOrigin(request, configuration);
  if (isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0) {
    throw conflict(
      'Passkeys are bound to a name, and this address is a number: open the page by the name of the host, over https, or as localhost.',
    );
  }
  return { origin, rpId: hostname, nodeUuid };
}
