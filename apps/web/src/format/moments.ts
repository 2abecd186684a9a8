import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSeconds } from './seconds.ts';

const locales: Readonly<Record<string, string>> = { en: 'en-GB', ru: 'ru-RU' };
const formats = new Map<string, Intl.DateTimeFormat>();
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([locale, options]);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, known);
  return known;
}

/** How times and numbers are written in the language of the page. Times are ISO 8601. */
export interface Writing {
  /** `14:05` today, `23 Nov, 14:05` otherwise, with seconds if they are wanted; in the browser's zone unless another one is named. */
  short(time: string, timeZone?: string): string;
  /** `30 Nov 2026`, for a day of the calendar (`YYYY-MM-DD`). */
  day(date: string): string;
  /** With date, seconds and zone. */
  exact(time: string): string;
  /** `in 3 hours`, `2 minutes ago`. */
  relative(time: string, now?: number): string;
  /** `1 min 20 s`. */
  duration(ms: number): string;
  number(value: number): string;
  /** `1.4 MB`. */
  bytes(value: number): string;
}

/** The writing of a locale, such as `en-GB`; short times with seconds for who wants them. */
export function writingOf(locale: string, { seconds = false }: { seconds?: boolean } = {}): Writing {
  const clock: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', ...(seconds && { second: '2-digit' }) };
  const dayOf = (date: Date, timeZone?: string): string =>
    format(locale, { dateStyle: 'short', ...(timeZone && { timeZone }) }).format(date);
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const numbers = new Intl.NumberFormat(locale);
  const unit = (value: number, name: string, digits = 0): string =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: digits }).format(value);
  const together = (large: string, rest: number, name: string): string => (rest === 0 ? large : `${large} ${unit(rest, name)}`);
  return {
    short(time, timeZone) {
      const date = new Date(time);
      const zone = timeZone === undefined ? {} : { timeZone };
      const today = dayOf(date, timeZone) === dayOf(new Date(), timeZone);
      const thisYear = date.getFullYear() === new Date().getFullYear();
      const day: Intl.DateTimeFormatOptions = today ? {} : { day: 'numeric', month: 'short', ...(thisYear ? {} : { year: 'numeric' }) };
      return format(locale, { ...day, ...clock, ...zone }).format(date);
    },
    day: (date) => format(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(date)),
    exact: (time) => format(locale, { dateStyle: 'medium', timeStyle: 'long' }).format(new Date(time)),
    relative(time, now = Date.now()) {
      const ms = Date.parse(time) - now;
      const size = Math.abs(ms);
      if (size < minuteMs) return relative.format(Math.round(ms / 1000), 'second');
      if (size < hourMs) return relative.format(Math.round(ms / minuteMs), 'minute');
      if (size < dayMs) return relative.format(Math.round(ms / hourMs), 'hour');
      return relative.format(Math.round(ms / dayMs), 'day');
    },
    duration(ms) {
      if (ms < 999.5) return unit(ms, 'millisecond');
      if (ms < 9950) return unit(ms / 1000, 'second', 1);
      // Rounded first and divided then: no part becomes 60.
      const whole = Math.round(ms / 1000);
      if (whole < 60) return unit(whole, 'second');
      if (whole < 3600) return together(unit(Math.floor(whole / 60), 'minute'), whole % 60, 'second');
      const minutes = Math.round(whole / 60);
      return together(unit(Math.floor(minutes / 60), 'hour'), minutes % 60, 'minute');
    },
    number: (value) => numbers.format(value),
    bytes(value) {
      if (value < 1_000_000) return unit(value / 1000, 'kilobyte', 1);
      if (value < 1_000_000_000) return unit(value / 1_000_000, 'megabyte', 1);
      return unit(value / 1_000_000_000, 'gigabyte', 1);
    },
  };
}

const writings = new Map<string, Writing>();

/** The writing of the page's language, with seconds if the person wants them. */
export function useWriting(): Writing {
  const { i18n } = useTranslation();
  const [seconds] = useSeconds();
  const locale = locales[i18n.language] ?? 'en-GB';
  const key = `${locale} ${seconds}`;
  const writing = writings.get(key) ?? writingOf(locale, { seconds });
  writings.set(key, writing);
  return writing;
}

/** The time now, renewed at the given interval, for what is shown relative to it. */
export function useNow(everyMs = 30_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
  return now;
}
