import { useWriting } from '../format/moments.ts';

/** A moment, short; who points at it sees it exactly. */
export function When({ time, timeZone }: { time: string; timeZone?: string }) {
  const writing = useWriting();
  return (
    <time dateTime={time} title={writing.exact(time)}>
      {timeZone === undefined ? writing.short(time) : writing.short(time, timeZone)}
    </time>
  );
}
