import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';

/** The keys that sign the feed: of SYNC_TOKEN and, while it is rotated, of SYNC_TOKEN_PREVIOUS. */
export function signingKeys(configuration: Pick<Configuration, 'syncToken' | 'syncTokenPrevious'>): SigningKey[] {
  return [configuration.syncToken, configuration.syncTokenPrevious].filter((token) => token !== null).map(deriveSigningKey);
}
