import type { Asked, Lie } from '../lying-master.ts';

/**
 * One thing that a master may do wrong. `sync` is the run in which it does: the first one of a link, into a list that holds dossiers (`first`)
 * or none (`empty`), that of a long list (`load`), one with a few changes (`delta`) or with many
 * (`long`), one that brings several photos (`photos`), one after a restore of the slave (`reconcile`), a full one, or a verification (`verify`). `ends` names the code of the refusal; `mends`:
 * by itself (retried, then a dead letter), by a person (a dead letter at once), or by the decision of a person who is shown what would change (held).
 */
export interface LieCase {
  readonly says: string;
  readonly to: Asked['part'] | 'anything';
  readonly sync: 'first' | 'empty' | 'load' | 'delta' | 'long' | 'photos' | 'reconcile' | 'full' | 'verify';
  readonly tell: Lie;
  readonly ends: string;
  readonly mends: 'by itself' | 'by a person' | 'by a decision';
}

/** Lies to one part of the feed, and passes on everything else. */
function to(part: LieCase['to'], tell: Lie): Lie {
  return (exchange) => (part === 'anything' || exchange.asked.part === part ? tell(exchange) : exchange.honest());
}

/** A lie told in whatever is asked for, in a sync with a few changes. */
export function wire(says: string, tell: Lie, outcome: [ends: string, mends: LieCase['mends']]): LieCase {
  return { says, to: 'anything', sync: 'delta', tell, ends: outcome[0], mends: outcome[1] };
}

/** A lie about one part of the feed, in one kind of sync. */
export function lie(says: string, told: [LieCase['sync'], LieCase['to'], Lie], outcome: [ends: string, mends?: LieCase['mends']]): LieCase {
  const [sync, part, tell] = told;
  return { says, to: part, sync, tell: to(part, tell), ends: outcome[0], mends: outcome[1] ?? 'by itself' };
}

/** The same lie in several kinds of syncs. */
export function lieIn(
  syncs: readonly LieCase['sync'][],
  ...[says, told, outcome]: [string, [LieCase['to'], Lie], [string, LieCase['mends']?]]
): LieCase[] {
  return syncs.map((sync) => lie(says, [sync, ...told], outcome));
}
