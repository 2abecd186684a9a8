import type { Run } from '@dossier/protocol/sync.ts';
import { describe, expect, it, vi } from 'vitest';
import { describeOutcome, describeProgress, exitCodeOfRun, warnOfSetAside } from './follow-run.ts';

const ended: Run = {
  id: 5,
  slave_dossier_list: 3,
  reason: 'person',
  requested_by: null,
  mode: 'auto',
  method: 'delta',
  state: 'synced',
  started_date: null,
  finished_date: '2026-11-24T03:00:00Z',
  added: 1,
  changed: 2,
  removed: 3,
  unchanged: 4,
  photos_fetched: 5,
  photos_missing: [],
  bytes: 0,
  pages: 1,
  attempt: 1,
  error: null,
  restored_offline_deletions: 0,
  differences: null,
  set_aside: [],
  held: null,
};
const error = { code: 'UNREACHABLE', desc: 'The master does not answer.', remedy: 'Look at the line.', attempts: 2, next_attempt: null };
const difference = { kind: 'missing', dossier: '0', id: null, name: null } as const;

describe('the exit code of a run', () => {
  it.each([
    ['synced', 0],
    ['unchanged', 0],
    ['failed', 1],
    ['dead', 1],
    ['cancelled', 1],
    ['held', 3],
    ['undone', 0],
  ] as const)('%s is %i', (state, code) => {
    expect(exitCodeOfRun({ ...ended, state })).toBe(code);
  });

  it('is 3 if anything differs, and 0 if it was mended', () => {
    expect(exitCodeOfRun({ ...ended, state: 'synced', differences: [difference] })).toBe(0);
    expect(exitCodeOfRun({ ...ended, state: 'failed', error, differences: [difference] })).toBe(3);
    expect(exitCodeOfRun({ ...ended, differences: [] })).toBe(0);
    // What the list declares differs, and no dossier.
    expect(exitCodeOfRun({ ...ended, state: 'failed', error: { ...error, code: 'REPLICA_DIFFERS' }, differences: [] })).toBe(3);
  });
});

describe('dossiers that are set aside', () => {
  const setAside = (name: string) => ({ dossier: '0', name, external_id: null, code: 'HASH_DIFFERS', reason: 'It is taken.' });
  const said = (names: readonly string[]): string => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    warnOfSetAside({ ...ended, set_aside: names.map(setAside) });
    const text = stderr.mock.calls.map(([chunk]) => String(chunk)).join('');
    stderr.mockRestore();
    return text;
  };

  it('are not equal to the master, which the exit code says', () => {
    expect(exitCodeOfRun({ ...ended, set_aside: [setAside('Ada')] })).toBe(3);
    expect(exitCodeOfRun({ ...ended, state: 'undone', set_aside: [setAside('Ada')] })).toBe(0);
  });

  it('are named, the first of them', () => {
    expect(said([])).toBe('');
    expect(said(['Ada\u001b[31m'])).toBe('watch list 3: 1 dossier is set aside and not as on the master: Ada [31m\n');
    expect(said(['A', 'B', 'C', 'D'])).toBe('watch list 3: 4 dossiers are set aside and not as on the master: A, B, C, …\n');
  });
});

describe('what is said of a run', () => {
  it('has the counts at the end', () => {
    expect(describeOutcome(ended)).toBe('watch list 3: synced: 1 added, 2 changed, 3 removed, 4 unchanged, 5 photos fetched');
    expect(describeOutcome({ ...ended, restored_offline_deletions: 2, photos_missing: ['x'] })).toContain(
      '2 offline deletions restored\n  1 photo is missing',
    );
  });

  it('has the reason and the remedy after a failure', () => {
    expect(describeOutcome({ ...ended, state: 'dead', error })).toBe(
      'watch list 3: dead: The master does not answer.\n  Look at the line.',
    );
  });

  it('has how much is done on the way', () => {
    const progress = { phase: 'fetching', done: 50, total: 200, photos_done: 0, photos_total: null } as const;
    expect(describeProgress({ state: 'fetching', error: null }, progress)).toMatch(/^fetching \[#+-+\] {2}25 % 50 of 200 dossiers$/);
    expect(describeProgress({ state: 'photos', error: null }, { ...progress, phase: 'photos', photos_done: 3, photos_total: 4 })).toContain(
      '75 % 3 of 4 photos',
    );
    expect(describeProgress({ state: 'queued', error: null }, null)).toBe('queued');
    expect(describeProgress({ state: 'failed', error: { ...error, next_attempt: '2026-11-24T03:00:04Z' } }, null)).toBe(
      'attempt 2 failed: The master does not answer.; next try at 2026-11-24T03:00:04Z',
    );
  });
});
