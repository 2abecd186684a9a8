import { useTranslation } from 'react-i18next';
import type { Run } from '@dossier/protocol/sync.ts';
import classes from './sparkline.module.css';

const height = 24;
const width = 5;
const gap = 2;
const good = ['synced', 'unchanged', 'undone'];
const bad = ['failed', 'dead'];

/** How a run ended, as the sparkline and the chart colour it. */
export function outcomeOf(run: Run): 'good' | 'bad' | 'other' {
  if (good.includes(run.state)) return 'good';
  return bad.includes(run.state) ? 'bad' : 'other';
}

function changesOf(run: Run): number {
  return run.added + run.changed + run.removed;
}

/** The last runs, oldest first, a bar each: its colour says how it ended, its height how much it changed (on a logarithmic scale). */
export function Sparkline({ runs, shown = 20 }: { runs: readonly Run[]; shown?: number }) {
  const { t } = useTranslation();
  const latest = runs.slice(0, shown).toReversed();
  const tallest = Math.max(1, ...latest.map((run) => Math.log1p(changesOf(run))));
  const count = (outcome: string): number => latest.filter((run) => outcomeOf(run) === outcome).length;
  const label = t('overview.lastRunsText', { count: latest.length, good: count('good'), bad: count('bad') });
  return (
    <svg className={classes.line} width={shown * (width + gap)} height={height} role="img" aria-label={label}>
      <title>{label}</title>
      {latest.map((run, index) => {
        const tall = 4 + (Math.log1p(changesOf(run)) / tallest) * (height - 4);
        const x = (shown - latest.length + index) * (width + gap);
        return <rect key={run.id} data-outcome={outcomeOf(run)} x={x} y={height - tall} width={width} height={tall} rx={1} />;
      })}
    </svg>
  );
}
