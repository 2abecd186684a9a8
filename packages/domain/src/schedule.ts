import { clockToleranceMs, isBelievable } from './clock.ts';

/** When slaves sync a master's lists: once per local date in the master's zone. */
export interface Schedule {
  /** 0…23 */
  hour: number;
  /** 0…59 */
  minute: number;
  /** IANA name. */
  timeZone: string;
}

/** A calendar date of some zone, `YYYY-MM-DD`. */
export type LocalDate = string;

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  formats.set(timeZone, format);
  return format;
}

/** Whether this node can reckon with a zone: an older one doesn't know those that were named later. */
export function isKnownZone(timeZone: string): boolean {
  try {
    return formatOf(timeZone).resolvedOptions().timeZone !== '';
  } catch {
    return false; // RangeError is how Intl says that it doesn't know the zone
  }
}

/** The schedule as this node can keep it: where it doesn't know the zone, the time is taken as one of UTC. */
export function keepableSchedule(schedule: Schedule): Schedule {
  return isKnownZone(schedule.timeZone) ? schedule : { ...schedule, timeZone: 'UTC' };
}

/** What clocks in the zone show at an instant, as if it were UTC. */
function wallClock(instant: number, timeZone: string): number {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(instant)
      .map((part) => [part.type, Number(part.value)]),
  );
  return Date.UTC(parts['year'] ?? 0, (parts['month'] ?? 1) - 1, parts['day'], parts['hour'], parts['minute'], parts['second']);
}

/** The local date in a zone at an instant. */
export function localDate(instant: Date, timeZone: string): LocalDate {
  return new Date(wallClock(instant.getTime(), timeZone)).toISOString().slice(0, 10);
}

/**
 * The instant of the scheduled time on a local date. Where clocks skip that time it is the first instant after the gap's start at which
 * they show at least that time; where they show it twice, the first of the two.
 */
export function scheduledInstant(schedule: Schedule, date: LocalDate): Date {
  const wall = Date.parse(`${date}T00:00:00Z`) + (schedule.hour * 60 + schedule.minute) * minuteMs;
  // Offsets within a day around the date: before and after a possible change of the clocks.
  const offsets = [wall - dayMs, wall + dayMs].map((guess) => wallClock(guess, schedule.timeZone) - guess);
  const candidates = offsets.map((offset) => wall - offset).filter((instant) => wallClock(instant, schedule.timeZone) === wall);
  // In a gap neither fits; with the offset from before it the time falls as far behind the gap as it was meant behind the gap's start.
  const instant = candidates.length > 0 ? Math.min(...candidates) : wall - (offsets[0] ?? 0);
  return new Date(instant);
}

function addDays(date: LocalDate, days: number): LocalDate {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

/** The latest local date whose scheduled time plus `offsetMs` isn't later than `now`. */
export function latestDueDate(schedule: Schedule, now: Date, offsetMs: number): LocalDate {
  for (let date = addDays(localDate(now, schedule.timeZone), 1); ; date = addDays(date, -1)) {
    if (scheduledInstant(schedule, date).getTime() + offsetMs <= now.getTime()) return date;
  }
}

/**
 * The local date for which a link's last scheduled run was made, or null where what was noted can't be: a date after today's was noted by a clock
 * that was ahead.
 */
export function believableDate(noted: LocalDate | null, schedule: Schedule, now: Date): LocalDate | null {
  const today = localDate(new Date(now.getTime() + clockToleranceMs), schedule.timeZone);
  return noted !== null && noted <= today ? noted : null;
}

/** The next instant after `now` at which a link is due, given the local date of its last scheduled run: at most one run per local date. */
export function nextDue(schedule: Schedule, clock: { now: Date; offsetMs: number; lastDate: LocalDate }): Date {
  // A clock that was far behind may have noted a date of long ago.
  const recent = addDays(localDate(clock.now, schedule.timeZone), -2);
  for (let date = addDays(clock.lastDate < recent ? recent : clock.lastDate, 1); ; date = addDays(date, 1)) {
    const due = scheduledInstant(schedule, date).getTime() + clock.offsetMs;
    if (due > clock.now.getTime()) return new Date(due);
  }
}

/** A little less than a week, as nights don't begin on the second. */
const deepEveryMs = 6.5 * dayMs;

/**
 * Whether the scheduled run of this night looks at every row: once a week, and again the next night where it didn't come to an end. Before
 * the first time each link has a night of its own, by its `place`. A moment after `now` was noted by a clock that was ahead, and counts as none.
 */
export function isDeepNight({ last, linked, place }: { last: Date | null; linked: Date; place: number }, now: Date): boolean {
  if (isBelievable(last, now)) return now.getTime() >= last.getTime() + deepEveryMs;
  return last !== null || !isBelievable(linked, now) || now.getTime() >= linked.getTime() + (place % 7) * dayMs;
}
