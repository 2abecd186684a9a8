import { describe, expect, test } from 'vitest';
import { contestsOf, mergedOf } from './contests.ts';

const base = { name: 'Anna', comment: 'first', active: true, meta: { plate: 'A', car: 'red' } };

describe('two versions of one dossier', () => {
  test('need a decision only where both changed a field, and changed it differently', () => {
    const yours = { ...base, comment: 'mine', name: 'Anna B.', meta: { plate: 'B', car: 'red' } };
    const theirs = { ...base, comment: 'theirs', name: 'Anna B.', active: false, meta: { plate: 'A', car: 'blue', note: 'x' } };
    const contests = contestsOf(base, yours, theirs);
    expect(Object.fromEntries(contests.map(({ field, chosen }) => [field, chosen]))).toEqual({
      active: 'theirs',
      comment: null,
      plate: 'yours',
      car: 'theirs',
      note: 'theirs',
    });
    expect(
      mergedOf(
        theirs,
        contests.map((contest) => (contest.chosen === null ? { ...contest, chosen: 'yours' as const } : contest)),
      ),
    ).toEqual({
      name: 'Anna B.',
      comment: 'mine',
      active: false,
      meta: { plate: 'B', car: 'blue', note: 'x' },
    });
  });

  test('a custom field that was taken away stays away, or comes back, as was chosen', () => {
    const yours = { ...base, meta: { plate: 'A' } };
    const theirs = { ...base, meta: { plate: 'A', car: 'blue' } };
    const [contest] = contestsOf(base, yours, theirs);
    if (contest === undefined) throw new Error('there is a contest');
    expect(contest).toMatchObject({ field: 'car', custom: true, yours: undefined, theirs: 'blue', chosen: null });
    expect(mergedOf(theirs, [{ ...contest, chosen: 'yours' }])['meta']).toEqual({ plate: 'A' });
    expect(mergedOf(theirs, [{ ...contest, chosen: 'theirs' }])['meta']).toEqual({ plate: 'A', car: 'blue' });
  });
});
