import { Paper, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Run } from '@dossier/protocol/sync.ts';
import { outcomeOf } from '../../components/sparkline.tsx';
import { useWriting } from '../../format/moments.ts';
import { durationOf } from './duration.ts';
import classes from './run-chart.module.css';

const height = 120;
const floor = 3;

interface Bar {
  readonly run: Run;
  readonly ms: number;
}

/** How long the last syncs took and how each ended, oldest first; the table below has the same in figures. */
export function RunChart({ runs }: { runs: readonly Run[] }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const bars: Bar[] = runs
    .filter((run) => run.finished_date !== null)
    .map((run) => ({ run, ms: durationOf(run) ?? 0 }))
    .toReversed();
  const longest = Math.max(1, ...bars.map(({ ms }) => ms));
  if (bars.length === 0) return null;
  return (
    <Paper withBorder p="md">
      <Text size="sm" c="dimmed" mb="xs">
        {t('replication.history.chart', { longest: writing.duration(longest) })}
      </Text>
      <div className={classes.chart} role="img" aria-label={t('replication.history.chart', { longest: writing.duration(longest) })}>
        {bars.map(({ run, ms }) => (
          <div
            key={run.id}
            className={classes.bar}
            data-outcome={outcomeOf(run)}
            style={{ height: floor + (ms / longest) * (height - floor) }}
            title={`${run.started_date === null ? '' : writing.short(run.started_date)} · ${t(`replication.runState.${run.state}`)} · ${writing.duration(ms)}`}
          />
        ))}
      </div>
    </Paper>
  );
}
