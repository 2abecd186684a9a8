import { describe, expect, inject, it } from 'vitest';
import { runRightsSeed } from './rights-course.ts';
import { workOnRights } from './rights-crew.ts';
import type { RightsReport } from './rights-crew.ts';
import { rightsMutations } from './rights-mutations.ts';

describe('the campaign of rights', () => {
  it('finds nothing in its first seeds', async () => {
    for (let seed = 1; seed <= 3; seed += 1) {
      const { violation, trace } = await runRightsSeed(inject('clusterUrl'), seed);
      expect(violation, trace.join('\n')).toBeNull();
    }
  }, 180_000);

  it.each(Object.keys(rightsMutations))('finds %s', { timeout: 600_000 }, async (mutation) => {
    let found: RightsReport | null = null;
    const seeds = Array.from({ length: 50 }, (_, index) => index + 1);
    const stop = (report: RightsReport): boolean => {
      if (report.violation !== null) found ??= report;
      return found !== null;
    };
    await workOnRights(seeds, { clusterUrl: inject('clusterUrl'), mutation, stop });
    expect((found as RightsReport | null)?.violation).toMatch(/^invariant/);
  });
});
