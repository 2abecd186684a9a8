import { faults } from './network.ts';
import type { Fault } from './network.ts';
import { Random } from './random.ts';

/** What may happen in a seed besides edits and syncs. Each seed has some of them, so that rare things also happen among few others. */
const happenings = [
  'kill',
  'interrupt',
  'redeliver',
  'flush',
  'clock',
  'outage',
  'restore',
  'epoch',
  'prune',
  'hand',
  'offline',
  'unlink',
  'photo-loss',
  'verify',
  'full',
  'clear',
  'share',
  'collect',
  'decide',
  'photo-damage',
  'undo',
  'spoil',
] as const;
export type Happening = (typeof happenings)[number];

/** What a seed consists of; follows from its number alone. */
export interface Plan {
  lists: number;
  dossiers: number;
  /** What all uuids begin with. */
  prefix: string;
  pageRows: number;
  yieldRate: number;
  faultRate: number;
  faults: readonly Fault[];
  actions: number;
  keepsDeleted: boolean;
  /** How often dossiers are written many at once. */
  bulkWeight: number;
  /** How often a page lacks its first changes. */
  omissionRate: number;
  has: ReadonlySet<Happening>;
}

export function planSeed(seed: number): Plan {
  const random = new Random(`plan ${seed}`);
  const share = random.pick([0.15, 0.3, 0.6]);
  const has = new Set(happenings.filter(() => random.chance(share)));
  // Whether what was deleted here stays away when it can't be held at all is a question that nobody asks.
  if (has.has('spoil')) has.delete('offline');
  return {
    lists: random.weighted([
      [4, 1],
      [4, 2],
      [2, 3],
    ]),
    dossiers: random.pick([0, 3, 8, 15, 31, 60]),
    prefix: random.pick(['', '', 'a', '5f3']),
    pageRows: random.pick([2, 3, 5, 9, 1000]),
    yieldRate: random.pick([0.02, 0.08, 0.25]),
    faultRate: random.pick([0, 0.04, 0.2]),
    faults: faults.filter(() => random.chance(0.5)).concat('cut-in-line'),
    actions: random.between(30, 120),
    keepsDeleted: random.chance(0.5),
    bulkWeight: random.pick([0.5, 2, 20]),
    omissionRate: random.pick([0, 0, 0.2]),
    has,
  };
}
