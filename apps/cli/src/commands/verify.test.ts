import type { Difference } from '@dossier/protocol/sync.ts';
import { describe, expect, it } from 'vitest';
import { whatHelps } from './verify.ts';

const difference = (kind: Difference['kind']): Difference => ({ kind, dossier: '0', id: null, name: null });

describe('what helps against differences', () => {
  it('is a sync, and for what is set aside a look at the reason', () => {
    expect(whatHelps(2, [difference('missing')])).toBe('"dossier sync 2 --full --wait" makes them equal again.');
    expect(whatHelps(2, [difference('set-aside')])).toMatch(/^They can't be held here as they are: "dossier status" says why\./);
    expect(whatHelps(2, [difference('changed'), difference('set-aside')])).toMatch(
      /makes them equal again, but for those set aside, which/,
    );
  });
});
