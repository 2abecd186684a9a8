import { median, summarise } from './statistics.ts';
import type { Summary } from './statistics.ts';

export type Unit = 'ms' | 's' | 'MiB' | 'MB' | 'requests' | 'per s' | 'count' | 'ratio';

interface Samples {
  unit: Unit;
  /** By round, so that what was measured in the same round can be compared. */
  byRound: Map<number, number>;
}

/** What was measured, by name and round, and what was left out and why. */
export class Measures {
  readonly #samples = new Map<string, Samples>();
  readonly notes: string[] = [];
  /** What could not be measured here: the command then ends with a failure. */
  readonly impossible: string[] = [];

  record(name: string, sample: { unit: Unit; round: number; value: number }): void {
    const samples = this.#samples.get(name) ?? { unit: sample.unit, byRound: new Map<number, number>() };
    this.#samples.set(name, samples);
    samples.byRound.set(sample.round, sample.value);
  }

  /** Records the middle of several samples of one round. */
  recordMedian(name: string, { values, ...sample }: { unit: Unit; round: number; values: readonly number[] }): void {
    this.record(name, { ...sample, value: median(values) });
  }

  names(): string[] {
    return [...this.#samples.keys()];
  }

  unit(name: string): Unit {
    return this.#samples.get(name)?.unit ?? 'count';
  }

  values(name: string): number[] {
    return [...(this.#samples.get(name)?.byRound.values() ?? [])];
  }

  /** NaN if it was not measured. */
  median(name: string): number {
    return median(this.values(name));
  }

  summary(name: string): Summary {
    return summarise(this.values(name));
  }

  /** The ratio of two medians, with the smallest and the largest ratio within one round. NaN if either was not measured. */
  ratio(name: string, to: string): { value: number; minimum: number; maximum: number } {
    const others = this.#samples.get(to)?.byRound;
    const within = [...(this.#samples.get(name)?.byRound ?? [])].flatMap(([round, value]) => {
      const other = others?.get(round);
      return other === undefined ? [] : [value / other];
    });
    return { value: this.median(name) / this.median(to), minimum: Math.min(...within), maximum: Math.max(...within) };
  }

  toJson(): Record<string, { unit: Unit; samples: number[] } & Summary> {
    return Object.fromEntries(
      this.names().map((name) => [name, { unit: this.unit(name), samples: this.values(name), ...this.summary(name) }]),
    );
  }
}
