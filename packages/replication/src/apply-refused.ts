import type { Failure, FailureKind } from '@dossier/domain/failure.ts';
import type { RefusalCode } from '@dossier/domain/set-aside.ts';

/**
 * Why what a run fetched could not be applied; everything was rolled back.
 *
 * - `COUNT_DIFFERS`: the replica would not have as many dossiers as the position it was to reach.
 * - `DIGEST_DIFFERS`: it would have as many, but not its digest.
 * - `HASH_DIFFERS`: more dossiers than may be set aside arrived with a hash that is not the one of their content.
 * - `DOSSIER_MALFORMED`: more dossiers than may be set aside arrived with a content that can't be held.
 */
export class ApplyRefused extends Error implements Failure {
  override readonly name = 'ApplyRefused';
  readonly code: 'COUNT_DIFFERS' | 'DIGEST_DIFFERS' | RefusalCode;
  readonly kind: FailureKind = 'retry';
  readonly remedy: string;

  constructor(code: ApplyRefused['code'], what: string, remedy: string) {
    super(`${what} Nothing was changed: the watch list keeps what it had.`);
    this.code = code;
    this.remedy = remedy;
  }
}

export const verifyOnTheMaster =
  'Verify the list on the master (SQL by hand or a failing disk may have changed it), and compare the versions of both nodes.';
