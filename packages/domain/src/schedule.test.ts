import { describe, expect, it } from 'vitest';
import { isDeepNight, latestDueDate, localDate, nextDue, scheduledInstant } from './schedule.ts';

const athens = { hour: 3, minute: 0, timeZone: 'Europe/Athens' };

describe('the scheduled instant', () => {
  it('falls behind the gap where clocks skip it', () => {
    // Athens, 2026-03-29: 03:00 becomes 04:00 (EET to EEST) at 01:00 UTC.
    expect(scheduledInstant(athens, '2026-03-29').toISOString()).toBe('2026-03-29T01:00:00.000Z');
    expect(scheduledInstant({ ...athens, minute: 30 }, '2026-03-29').toISOString()).toBe('2026-03-29T01:30:00.000Z');
  });

  it('is the first of two where clocks show it twice', () => {
    // Athens, 2026-10-25: 04:00 EEST becomes 03:00 EET at 01:00 UTC, so 03:30 is shown at 00:30 and at 01:30 UTC.
    expect(scheduledInstant({ ...athens, minute: 30 }, '2026-10-25').toISOString()).toBe('2026-10-25T00:30:00.000Z');
  });

  it('works at midnight where the day begins with a gap', () => {
    // Beirut, 2026-03-29: 00:00 becomes 01:00 at 22:00 UTC of the day before.
    const due = scheduledInstant({ hour: 0, minute: 0, timeZone: 'Asia/Beirut' }, '2026-03-29');
    expect(localDate(due, 'Asia/Beirut')).toBe('2026-03-29');
    expect(due.toISOString()).toBe('2026-03-28T22:00:00.000Z');
  });
});

describe.each(['UTC', 'Europe/Athens', 'Europe/Helsinki', 'Asia/Beirut', 'Africa/Cairo', 'Australia/Lord_Howe', 'America/St_Johns'])(
  'over two years in %s',
  (timeZone) => {
    it.each([0, 2, 3])('hour %i is due exactly once per local date', (hour) => {
      const schedule = { hour, minute: 15, timeZone };
      let now = new Date('2026-01-01T12:00:00Z');
      let lastDate = latestDueDate(schedule, now, 0);
      const dates: string[] = [];
      while (now.getUTCFullYear() < 2028) {
        now = nextDue(schedule, { now, offsetMs: 0, lastDate });
        const date = latestDueDate(schedule, now, 0);
        expect(date).toBe(localDate(now, timeZone));
        expect(date > lastDate).toBe(true);
        lastDate = date;
        dates.push(date);
      }
      const first = Date.parse(dates[0] ?? '');
      const last = Date.parse(dates.at(-1) ?? '');
      expect(dates.length).toBe(Math.round((last - first) / 86_400_000) + 1);
    });
  },
);

describe('a run that was missed', () => {
  it('is due once, late', () => {
    const schedule = { hour: 3, minute: 0, timeZone: 'UTC' };
    expect(latestDueDate(schedule, new Date('2026-05-04T10:00:00Z'), 0)).toBe('2026-05-04');
    expect(latestDueDate(schedule, new Date('2026-05-04T01:00:00Z'), 0)).toBe('2026-05-03');
    expect(nextDue(schedule, { now: new Date('2026-05-04T10:00:00Z'), offsetMs: 0, lastDate: '2026-05-04' }).toISOString()).toBe(
      '2026-05-05T03:00:00.000Z',
    );
  });

  it('respects the offset of the link', () => {
    const schedule = { hour: 23, minute: 59, timeZone: 'UTC' };
    expect(latestDueDate(schedule, new Date('2026-05-05T00:02:00Z'), 300_000)).toBe('2026-05-03');
    expect(latestDueDate(schedule, new Date('2026-05-05T00:04:00Z'), 300_000)).toBe('2026-05-04');
  });
});

describe('the night that looks at every row', () => {
  const linked = new Date('2026-05-01T12:00:00Z');
  const nights = Array.from({ length: 40 }, (_, index) => new Date(Date.parse('2026-05-02T03:00:00Z') + index * 86_400_000));

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 100])('comes once a week for the link at place %i', (place) => {
    const deep: number[] = [];
    let last: Date | null = null;
    for (const [index, night] of nights.entries()) {
      if (!isDeepNight({ last, linked, place }, night)) continue;
      deep.push(index);
      last = new Date(night.getTime() + 60_000);
    }
    expect(deep[0]).toBeLessThanOrEqual(6);
    for (const [index, night] of deep.entries()) if (index > 0) expect(night - (deep[index - 1] ?? 0)).toBe(7);
  });

  it('comes again the next night while it fails, and falls on different nights for different links', () => {
    expect(nights.slice(6).every((night) => isDeepNight({ last: null, linked, place: 6 }, night))).toBe(true);
    const first = [0, 1, 2, 3, 4, 5, 6].map((place) => nights.findIndex((night) => isDeepNight({ last: null, linked, place }, night)));
    expect(new Set(first).size).toBeGreaterThan(5);
  });
});
