import type { Measures } from './measures.ts';
import type { Workshop } from './workshop.ts';

/** What every benchmark gets. */
export interface BenchContext {
  readonly workshop: Workshop;
  readonly measures: Measures;
  /** Dossiers of the list that is measured. */
  readonly size: number;
  /** Rounds, each of which measures everything once. */
  readonly runs: number;
  readonly budget: Budget;
  readonly tell: (line: string) => void;
}

/** The time that a command may take. */
export class Budget {
  readonly #endsAt: number;
  /** What there was no time for. */
  readonly cut: string[] = [];

  constructor(minutes: number) {
    this.#endsAt = performance.now() + minutes * 60_000;
  }

  /** Whether there is time for something; what there isn't is noted. */
  allows(what: string): boolean {
    const now = performance.now();
    if (now < this.#endsAt) return true;
    this.cut.push(what);
    return false;
  }
}

/** Measures something and ends what that has started. That it was not possible is kept for the report; the other measurements go on. */
export async function attempt(context: BenchContext, what: string, measure: () => Promise<void>): Promise<void> {
  const { cleanup } = context.workshop;
  if (cleanup.closed) return;
  const mark = cleanup.mark();
  try {
    await measure();
  } catch (error) {
    noteImpossible(context, what, error);
  } finally {
    await cleanup.end(context.tell, mark);
  }
}

/** Keeps for the report that something could not be measured. */
export function noteImpossible({ workshop, measures, tell }: BenchContext, what: string, error: unknown): void {
  if (workshop.cleanup.closed) return;
  const line = `${what}: ${error instanceof Error ? error.message : String(error)}`;
  tell(`could not be measured: ${line}`);
  measures.impossible.push(line);
}
