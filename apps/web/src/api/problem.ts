import { problemSchema } from '@dossier/protocol/problem.ts';

/**
 * What the node refused, or that it did not answer (status 0, code `UNREACHABLE`), or that something on the way did: it takes no body of that length
 * (`TOO_LARGE_ON_THE_WAY`), or doesn't reach the node (`STOPPED_ON_THE_WAY`).
 */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  /** The field that is wrong, if it is one. */
  readonly param: string | null;
  /** By what a second factor can be shown, where one is asked for. */
  readonly methods: readonly string[];

  constructor(
    sentence: string,
    facts: { status: number; code: string; param?: string | undefined; methods?: string[] | undefined },
    options?: ErrorOptions,
  ) {
    super(sentence, options);
    this.name = 'Problem';
    this.status = facts.status;
    this.code = facts.code;
    this.param = facts.param ?? null;
    this.methods = facts.methods ?? [];
  }
}

/** The problem that an answer without success tells of. */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  const parsed = problemSchema.safeParse(body);
  if (parsed.success) return new Problem(parsed.data.desc, parsed.data);
  // Proxies answer with pages of their own.
  const { status, statusText } = response;
  const code = status === 413 ? 'TOO_LARGE_ON_THE_WAY' : [502, 503, 504].includes(status) ? 'STOPPED_ON_THE_WAY' : 'UNKNOWN';
  return new Problem(`${status} ${statusText}`, { status, code });
}
