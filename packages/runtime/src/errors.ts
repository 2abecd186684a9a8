const statuses = {
  /** A field, a parameter or the body is missing or not allowed; `param` names it. */
  BAD_PARAM: 400,
  /** No valid token, session or signature came with the request. */
  UNAUTHORIZED: 401,
  /** The password is right, and the user has a second factor: `methods` says by what it can be shown. */
  SECOND_FACTOR_REQUIRED: 401,
  /** The code is wrong, was used before, or is too old. */
  SECOND_FACTOR_WRONG: 401,
  /** This node demands a second factor, and the user has none yet: all but setting one up is refused. */
  SECOND_FACTOR_MISSING: 403,
  /** The user is known, but the role doesn't allow this. */
  PERMISSION_DENIED: 403,
  /** There is no such thing, or no longer. */
  NOT_FOUND: 404,
  /** The path is known, the method isn't possible there; the header `Allow` names those that are. */
  METHOD_NOT_ALLOWED: 405,
  /** The request is well formed, but the present state of the data forbids it. */
  CONFLICT: 409,
  /** The body or the uploaded file exceeds its limit. */
  TOO_LARGE: 413,
  /** The bytes are not of a type that is taken here, whatever their name says. */
  UNSUPPORTED_MEDIA_TYPE: 415,
  /** Too many attempts in a short time; try again later. */
  TOO_MANY_REQUESTS: 429,
  /** The node replicates from a master, so its dossiers are for reading. */
  READ_ONLY: 403,
  /** Deleting offline is meant for the time when the master is away; it is there. */
  MASTER_AVAILABLE: 409,
  /** What was to be changed is another than the one that `If-Match` names; nothing was changed. */
  PRECONDITION_FAILED: 412,
  /** The watch list takes changes only with `If-Match`, and none came; nothing was changed. */
  PRECONDITION_REQUIRED: 428,
  /** A defect of ours: the log has the cause. */
  INTERNAL: 500,
  /** The master has taken the watch list from this node: its dossiers are not shown any more. */
  LIST_WITHDRAWN: 503,
  /** The database or the queue can't be reached now; nothing was changed. */
  UNAVAILABLE: 503,
} as const;

/** The stable codes that the REST API answers with. */
export type ErrorCode = keyof typeof statuses;

/** The HTTP status that belongs to a code. */
export function statusOf(code: ErrorCode): number {
  return statuses[code];
}

export interface ApplicationErrorOptions {
  /** The offending field or parameter. */
  readonly param?: string;
  /** What a person can do about it. */
  readonly remedy?: string;
  /** By what the second factor can be shown that is asked for. */
  readonly methods?: readonly string[];
  /** Numbers of other dossiers of which the sentence tells. */
  readonly dossiers?: readonly number[];
  readonly cause?: unknown;
}

/** A refusal with a stable code and a sentence that is fit for the person who asked: no SQL, no paths, no secrets. */
export class ApplicationError extends Error {
  override readonly name = 'ApplicationError';
  readonly code: ErrorCode;
  readonly param: string | undefined;
  readonly remedy: string | undefined;
  readonly methods: readonly string[] | undefined;
  readonly dossiers: readonly number[];

  constructor(code: ErrorCode, detail: string, options: ApplicationErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.param = options.param;
    this.remedy = options.remedy;
    this.methods = options.methods;
    this.dossiers = options.dossiers ?? [];
  }

  /** What happened, in one sentence; the same as `message`. */
  get detail(): string {
    return this.message;
  }
}

/** The field `param` is missing or not allowed. */
export function badParam(param: string, detail: string): ApplicationError {
  return new ApplicationError('BAD_PARAM', detail, { param });
}

/** `what` names the missing thing as the asker knows it: "watch list 7". */
export function notFound(what: string): ApplicationError {
  return new ApplicationError('NOT_FOUND', `There is no ${what}.`);
}

/** The present state of the data forbids what was asked. */
export function conflict(detail: string): ApplicationError {
  return new ApplicationError('CONFLICT', detail);
}

/** Something that the node needs can't be reached now; asking again later is safe. */
export function unavailable(detail: string, cause?: unknown): ApplicationError {
  return new ApplicationError('UNAVAILABLE', detail, { cause });
}

/** 1 failed · 2 wrong usage or bad configuration · 3 not verified, or differs. */
export type ExitCode = 1 | 2 | 3;

export interface ExitErrorOptions {
  /** What the operator can do; printed on a line of its own. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** Ends the program with `exitCode`. The command line prints the sentence and the remedy and no stack. */
export class ExitError extends Error {
  override readonly name: string = 'ExitError';
  readonly exitCode: ExitCode;
  readonly remedy: string | undefined;

  constructor(exitCode: ExitCode, sentence: string, options: ExitErrorOptions = {}) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = exitCode;
    this.remedy = options.remedy;
  }
}
