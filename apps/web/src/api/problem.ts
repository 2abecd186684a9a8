import { problemSchema } from '@dossier/protocol/problem.ts';

/** What the node refused, or that it did not answer (status 0, code `UNREACHABLE`). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  /** The field that is wrong, if it is one. */
  readonly param: string | null;

  constructor(sentence: string, facts: { status: number; code: string; param?: string | undefined }, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'Problem';
    this.status = facts.status;
    this.code = facts.code;
    this.param = facts.param ?? null;
  }
}

/** The problem that an answer without success tells of. */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  const parsed = problemSchema.safeParse(body);
  if (parsed.success) return new Problem(parsed.data.desc, parsed.data);
  return new Problem(`${response.status} ${response.statusText}`, { status: response.status, code: 'UNKNOWN' });
}
