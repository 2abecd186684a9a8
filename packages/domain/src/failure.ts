/** What a failure asks for: `retry` may pass by itself, `operator` needs a person first, `stop` means the work was superseded. */
export type FailureKind = 'retry' | 'operator' | 'stop';

/** An error that an operator may be shown: a stable code, a sentence (the message: what happened, what is safe) and the remedy. */
export interface Failure extends Error {
  readonly code: string;
  readonly kind: FailureKind;
  readonly remedy: string;
}

/** True for an error that carries code, kind and remedy. */
export function isFailure(error: unknown): error is Failure {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    'kind' in error &&
    (error.kind === 'retry' || error.kind === 'operator' || error.kind === 'stop') &&
    'remedy' in error &&
    typeof error.remedy === 'string'
  );
}
