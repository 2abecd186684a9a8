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

/** Measures something; that it was not possible is kept for the report, and the other measurements go on. */
export async function attempt({ measures, tell }: BenchContext, what: string, measure: () => Promise<void>): Promise<void> {
  try {
    await measure();
  } catch (error) {
    tell(`${what} could not be measured`);
    measures.impossible.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
