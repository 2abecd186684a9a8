import { ApplicationError, ExitError } from '@dossier/runtime/errors.ts';

/** What a look at one thing found: all is well, unwise, wrong, or not to be known now. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly sentence: string;
  readonly remedy: string | null;
}

export function ok(check: string, sentence: string): Finding {
  return { check, state: 'ok', sentence, remedy: null };
}

export function skipped(check: string, sentence: string): Finding {
  return { check, state: 'skipped', sentence, remedy: null };
}

export function warning(check: string, sentence: string, remedy: string): Finding {
  return { check, state: 'warning', sentence, remedy };
}

export function failed(check: string, sentence: string, remedy: string): Finding {
  return { check, state: 'failed', sentence, remedy };
}

/** What an error says of the thing that was looked at. */
export function fromError(check: string, error: unknown, remedy: string): Finding {
  const own = error instanceof ExitError || error instanceof ApplicationError ? error.remedy : undefined;
  return failed(check, error instanceof Error ? error.message : String(error), own ?? remedy);
}
