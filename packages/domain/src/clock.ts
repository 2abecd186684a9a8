const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** By how much clocks that are in order may differ, as signatures between nodes allow too. */
export const clockToleranceMs = 5 * minuteMs;
/** For how long a node may have been off or asleep without anybody else's word for it. */
const unnoticedMs = dayMs;
/** For how long another time than the expected one has to go on by itself until it is believed. */
const probationMs = dayMs;
/** Deleting by age catches up by a quarter of the time that passes. */
const catchingUp = 1.25;

/** What a node remembers of the time, in milliseconds since 1970. */
export interface ClockMemory {
  /** The latest moment that the clock showed while it was plausible. */
  trusted: number;
  /** The moment that deleting by age takes for the present. Never later than `trusted`. */
  age: number;
  /** What a clock that isn't plausible shows: when it was first seen to, and how far it has gone on since. */
  doubtful: { since: number; until: number } | null;
}

/** What is known about the present. */
export interface ClockReading {
  /** What the clock shows. */
  wall: number;
  /** What this process remembered when it looked before, and how long it has been running since; null at its first look. */
  before: { memory: ClockMemory; ranMs: number } | null;
  /** When a signed exchange with another node last succeeded, by this node's clock: then both clocks agreed. */
  contact: number | null;
}

/** Milliseconds by which a clock is wrong: positive if it is ahead. 0: it is plausible. */
export type ClockJump = number;

/**
 * Judges what the clock shows. It is plausible if it goes on from the latest trusted moment, with room for a day in which the node was off, and
 * isn't before it. What else it shows is believed once a signed exchange with another node agreed with it, or once it has gone on for a day.
 * `age` gains no more than the time that passes, whatever the clock shows.
 */
export function judgeClock(memory: ClockMemory, reading: ClockReading): { memory: ClockMemory; jump: ClockJump } {
  const { wall } = reading;
  const jump = jumpOf(memory.trusted, wall, passedMs(reading));
  if (jump === 0) return { memory: { trusted: Math.max(memory.trusted, wall), age: ageOf(memory, reading), doubtful: null }, jump };
  const { doubtful } = memory;
  const goesOn = doubtful !== null && jumpOf(doubtful.until, wall, passedMs(reading)) === 0;
  const since = goesOn ? doubtful.since : wall;
  const until = goesOn ? Math.max(doubtful.until, wall) : wall;
  const agreed = reading.contact !== null && reading.contact >= since && reading.contact <= wall + clockToleranceMs;
  if (agreed || until - since >= probationMs) {
    return { memory: { trusted: wall, age: Math.min(memory.age, wall), doubtful: null }, jump: 0 };
  }
  return { memory: { ...memory, doubtful: { since, until } }, jump };
}

/** How long the node is known to have run since `trusted` was noted: that is done at every look, so nothing but the room for a day is added. */
function passedMs({ before }: ClockReading): number {
  return before?.ranMs ?? 0;
}

function jumpOf(from: number, wall: number, ranMs: number): ClockJump {
  if (wall < from - clockToleranceMs) return wall - from;
  return wall > from + ranMs + unnoticedMs ? wall - from - ranMs : 0;
}

function ageOf(memory: ClockMemory, { wall, before }: ClockReading): number {
  // Without an earlier look of this process, the node was off since the latest trusted moment; `jumpOf` has bounded for how long.
  const ceiling = before ? before.memory.age + before.ranMs * catchingUp : memory.age + Math.max(0, wall - memory.trusted);
  return Math.max(memory.age, Math.min(wall, ceiling));
}

/** A length of time in words: `3 minutes`, `5 hours`, `200 days`. */
export function durationInWords(milliseconds: number): string {
  const minutes = Math.round(Math.abs(milliseconds) / minuteMs);
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}

/** Whether a moment that was noted in the past can be one: it isn't after the present. */
export function isBelievable(noted: Date | null, now: Date): noted is Date {
  return noted !== null && noted.getTime() <= now.getTime() + clockToleranceMs;
}
