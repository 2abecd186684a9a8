import { describe, expect, it } from 'vitest';
import { defaultGuards, loosens, trippedGuards } from './guards.ts';
import type { DifferenceCounts, Guards } from './guards.ts';

const nothing: DifferenceCounts = { held: 1000, adding: 0, changing: 0, removing: 0, deactivating: 0 };
const off: Guards = { emptied: false, deletions: null, weekly: null, changes: null, deactivations: null, growth: null };

function tripped(difference: Partial<DifferenceCounts>, guards: Guards = defaultGuards): string[] {
  const counts = { ...nothing, ...difference };
  return trippedGuards(guards, counts, { held: counts.held, gone: 0 }).map(({ guard }) => guard);
}

describe('the default guards', () => {
  it.each([
    ['nothing', {}, []],
    ['the last dossier of a list', { held: 1, removing: 1 }, ['emptied']],
    ['all of a small list', { held: 50, removing: 50 }, ['emptied']],
    ['all of a larger list', { held: 51, removing: 51 }, ['emptied', 'deletions']],
    ['all of a list, exchanged for others', { held: 60, removing: 60, adding: 60 }, ['deletions']],
    ['50 of 60', { held: 60, removing: 50 }, []],
    ['51 of 60', { held: 60, removing: 51 }, ['deletions']],
    ['10 % of 1,000', { removing: 100 }, []],
    ['a little more', { removing: 101 }, ['deletions']],
    ['10 % of 1,009, rounded down', { held: 1009, removing: 100 }, []],
    ['a little more of 1,009', { held: 1009, removing: 101 }, ['deletions']],
    ['1,000 of a million', { held: 1_000_000, removing: 1000 }, []],
    ['a little more of a million', { held: 1_000_000, removing: 1001 }, ['deletions']],
    ['2,001 of a million made inactive', { held: 1_000_000, changing: 2001, deactivating: 2001 }, ['weekly']],
    ['200 changes of 300', { held: 300, changing: 200 }, []],
    ['201 changes of 300', { held: 300, changing: 201 }, ['changes']],
    ['half of 1,000 changed', { changing: 500 }, []],
    ['a little more than half', { changing: 501 }, ['changes']],
    ['20 % made inactive', { changing: 200, deactivating: 200 }, []],
    ['a little more than 20 %', { changing: 201, deactivating: 201 }, ['deactivations']],
    ['one of three made inactive: one is no mass', { held: 3, changing: 1, deactivating: 1 }, []],
    ['two of three', { held: 3, changing: 2, deactivating: 2 }, ['deactivations']],
    ['three times as many', { adding: 2000 }, []],
    ['more than three times', { adding: 2001 }, ['growth']],
    ['growth of what was exchanged', { removing: 100, adding: 2101 }, ['growth']],
    ['an empty list that is filled', { held: 0, adding: 1_000_000 }, []],
  ])('%s', (_what, difference, expected) => {
    expect(tripped(difference)).toEqual(expected);
  });
});

describe('guards that were set', () => {
  it.each([
    ['0 lets nothing go', { deletions: { count: 0, percent: 0 } }, { removing: 1 }, ['deletions']],
    ['0 lets nothing change', { changes: { count: 0, percent: 0 } }, { changing: 1 }, ['changes']],
    ['0 % lets no two be made inactive', { deactivations: { percent: 0 } }, { changing: 2, deactivating: 2 }, ['deactivations']],
    ['100 % of all deletions pass', { deletions: { count: 0, percent: 100 } }, { removing: 999 }, []],
    ['factor 1 lets a list not grow', { growth: { factor: 1 } }, { adding: 1 }, ['growth']],
    ['factor 1.5', { growth: { factor: 1.5 } }, { adding: 500 }, []],
    ['null is off', { deletions: null }, { removing: 999 }, []],
    ['emptied can be off', { emptied: false, deletions: null }, { removing: 1000 }, []],
  ] satisfies [string, Partial<Guards>, Partial<DifferenceCounts>, string[]][])('%s', (_what, guards, difference, expected) => {
    expect(tripped(difference, { ...defaultGuards, ...guards })).toEqual(expected);
  });

  it('say how many it is about, how many would pass, and a sentence with both', () => {
    expect(trippedGuards(defaultGuards, { ...nothing, removing: 101 }, { held: 1000, gone: 0 })).toEqual([
      { guard: 'deletions', sentence: '101 of 1000 dossiers would go.', count: 101, limit: 100 },
    ]);
  });
});

describe('over a week', () => {
  it('no list of any size loses half of its dossiers, or more than 2,000 of many, by steps that each pass', () => {
    for (const first of [60, 100, 600, 5000, 1_000_000]) {
      let gone = 0;
      for (let night = 0; night < 7; night += 1) {
        const held = first - gone;
        let removing = 0;
        while (trippedGuards(defaultGuards, { ...nothing, held, removing: removing + 1 }, { held: first, gone }).length === 0)
          removing += 1;
        gone += removing;
      }
      expect(gone).toBe(Math.max(50, Math.min(2000, first / 5)));
    }
  });

  it('who was made inactive counts as one who is gone', () => {
    const week = { held: 1000, gone: 150 };
    expect(trippedGuards(defaultGuards, { ...nothing, changing: 50, deactivating: 50 }, week)).toEqual([]);
    expect(trippedGuards(defaultGuards, { ...nothing, changing: 51, deactivating: 51 }, week)).toEqual([
      {
        guard: 'weekly',
        sentence: '201 of the 1000 dossiers of a week ago would have gone or been made inactive.',
        count: 201,
        limit: 200,
      },
    ]);
  });
});

describe('other guards', () => {
  it.each([
    ['a higher count', { deletions: { count: 51, percent: 10 } }, true],
    ['a lower one', { deletions: { count: 49, percent: 10 } }, false],
    ['a lower count with a higher percentage', { changes: { count: 0, percent: 51 } }, true],
    ['one that is switched off', { weekly: null }, true],
    ['emptied switched off', { emptied: false }, true],
    ['a larger factor', { growth: { factor: 4 } }, true],
    ['the same', {}, false],
  ] satisfies [string, Partial<Guards>, boolean][])('%s', (_what, change, looser) => {
    expect(loosens(defaultGuards, { ...defaultGuards, ...change })).toBe(looser);
  });
});

/** Every list of up to 12 dossiers with every difference of it, and larger ones around the limits. */
function* allSmallDifferences(): Generator<DifferenceCounts> {
  for (let held = 0; held <= 12; held += 1) {
    for (let removing = 0; removing <= held; removing += 1) {
      for (let changing = 0; changing <= held - removing; changing += 1) {
        for (let deactivating = 0; deactivating <= changing; deactivating += 1) {
          for (const adding of [0, 1, 24, 25, 36, 100]) yield { held, adding, changing, removing, deactivating };
        }
      }
    }
  }
  for (const held of [49, 50, 51, 499, 500, 501, 5000]) {
    for (const part of [0, 0.1, 0.2, 0.5, 1]) {
      for (const more of [-1, 0, 1]) {
        const removing = Math.min(held, Math.max(0, Math.floor(held * part) + more));
        const changing = held - removing;
        for (const adding of [0, held * 2, held * 3]) yield { held, adding, changing, removing, deactivating: changing };
      }
    }
  }
}

describe('for every difference', () => {
  const all = [...allSmallDifferences()];

  it('nothing trips where all guards are off, or where nothing is held', () => {
    for (const difference of all) {
      expect(tripped(difference, off)).toEqual([]);
      expect(tripped({ ...difference, held: 0 })).toEqual([]);
    }
  });

  it('whoever loses, changes or adds more is not held less', () => {
    for (const difference of all) {
      const before = new Set(tripped(difference));
      const more = { ...difference, removing: difference.removing + 1, adding: difference.adding + 1 };
      // A list that is emptied and gets one dossier isn't emptied any more; what it loses is then counted by the other guards.
      // The week asks only where no other guard does.
      for (const guard of before) if (guard !== 'emptied' && guard !== 'weekly') expect(tripped(more)).toContain(guard);
      if (before.has('weekly')) expect(tripped(more)).not.toEqual([]);
      const changed = { ...difference, changing: difference.changing + 1, deactivating: difference.deactivating + 1 };
      for (const guard of before) if (guard !== 'weekly') expect(tripped(changed)).toContain(guard);
      if (before.has('weekly')) expect(tripped(changed)).not.toEqual([]);
    }
  });

  it('what trips is above its limit, and an emptied list always trips', () => {
    for (const difference of all) {
      const found = trippedGuards(defaultGuards, difference, { held: difference.held, gone: 0 });
      for (const { count, limit } of found) expect(count).toBeGreaterThan(limit);
      const empties = difference.held > 0 && difference.adding === 0 && difference.removing === difference.held;
      expect(found.some(({ guard }) => guard === 'emptied')).toBe(empties);
    }
  });
});
