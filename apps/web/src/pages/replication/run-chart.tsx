import { Group, Paper, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Run } from '@dossier/protocol/sync.ts';
import { outcomeOf, outcomes } from '../../components/sparkline.tsx';
import { useWriting } from '../../format/moments.ts';
import { ticksOf } from './chart-ticks.ts';
import { durationOf } from './duration.ts';
import classes from './run-chart.module.css';

interface Bar {
  readonly run: Run;
  readonly ms: number;
  readonly started: string;
}

const percent = (part: number, whole: number): string => `${(part / whole) * 100}%`;

/** How long the last syncs took and how each ended, oldest first; the table below has the same in figures. */
export function RunChart({ runs }: { runs: readonly Run[] }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const bars: Bar[] = runs
    .flatMap((run) => {
      const ms = durationOf(run);
      return run.finished_date === null || run.started_date === null || ms === null ? [] : [{ run, ms, started: run.started_date }];
    })
    .toReversed();
  const [first, last] = [bars[0], bars.at(-1)];
  if (first === undefined || last === undefined) return null;
  const ticks = ticksOf(Math.max(...bars.map(({ ms }) => ms)));
  const top = ticks.at(-1) ?? 1;
  const counts = outcomes.map((outcome) => ({ outcome, count: bars.filter(({ run }) => outcomeOf(run) === outcome).length }));
  const longest = bars.reduce((a, b) => (b.ms > a.ms ? b : a));
  const text = t('replication.history.chartText', {
    count: bars.length,
    from: writing.short(first.started),
    until: writing.short(last.started),
    longest: writing.duration(longest.ms),
    when: writing.short(longest.started),
    good: counts[0]?.count,
    bad: counts[1]?.count,
  });
  return (
    <Paper withBorder p="md">
      <Text size="sm" fw={600} mb="xs">
        {t('replication.history.chart')}
      </Text>
      <div className={classes.chart} role="img" aria-label={text}>
        <div className={classes.ticks}>
          {ticks.toReversed().map((tick) => (
            <span key={tick}>{tick === 0 ? '0' : writing.duration(tick)}</span>
          ))}
        </div>
        <div className={classes.plot}>
          {ticks.map((tick) => (
            <div key={tick} className={classes.line} style={{ bottom: percent(tick, top) }} />
          ))}
          {bars.map(({ run, ms, started }) => (
            <div
              key={run.id}
              className={classes.bar}
              data-outcome={outcomeOf(run)}
              style={{ height: percent(ms, top) }}
              title={`${writing.short(started)} · ${t(`replication.runState.${run.state}`)} · ${writing.duration(ms)}`}
            />
          ))}
        </div>
        <div className={classes.times}>
          {t('replication.history.chartTime', { from: writing.short(first.started), until: writing.short(last.started) })}
        </div>
      </div>
      <Group gap="lg" mt="xs" aria-hidden>
        {counts
          .filter(({ count }) => count > 0)
          .map(({ outcome, count }) => (
            <Group key={outcome} gap={6} wrap="nowrap">
              <span className={classes.sample} data-outcome={outcome} />
              <Text size="sm">
                {t(`replication.history.outcomes.${outcome}`)}: {writing.number(count)}
              </Text>
            </Group>
          ))}
      </Group>
    </Paper>
  );
}
