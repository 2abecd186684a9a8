import { useTranslation } from 'react-i18next';
import type { Run } from '@dossier/protocol/sync.ts';
import classes from './sparkline.module.css';

const height = 24;
const width = 5;
const gap = 2;
const good = ['synced', 'unchanged', 'undone'];
const bad = ['failed', 'dead'];

export const outcomes = ['good', 'bad', 'other'] as const;

/** How a run ended, as the sparkline and the chart show it. */
export function outcomeOf(run: Run): (typeof outcomes)[number] {
  if (good.includes(run.state)) return 'good';
  return bad.includes(run.state) ? 'bad' : 'other';
}

function changesOf(run: Run): number {
  return run.added + run.changed + run.removed;
}

/** The last runs, oldest first, a bar each: full if all was well, hollow if it failed; its height says how much it changed (on a logarithmic scale). In words below. */
export function Sparkline({ runs, shown = 20 }: { runs: readonly Run[]; shown?: number }) {
  const { t } = useTranslation();
  const latest = runs.slice(0, shown).toReversed();
  const tallest = Math.max(1, ...latest.map((run) => Math.log1p(changesOf(run))));
  const count = (outcome: string): number => latest.filter((run) => outcomeOf(run) === outcome).length;
  const label = t('overview.lastRunsText', { count: latest.length, good: count('good'), bad: count('bad') });
  return (
    <figure className={classes.figure}>
      <svg className={classes.line} width={latest.length * (width + gap)} height={height} aria-hidden>
        {latest.map((run, index) => {
          const tall = 4 + (Math.log1p(changesOf(run)) / tallest) * (height - 4);
          const x = index * (width + gap);
          return (
            <rect
              key={run.id}
              data-outcome={outcomeOf(run)}
              x={x + 0.75}
              y={height - tall + 0.75}
              width={width - 1.5}
              height={tall - 1.5}
            />
          );
        })}
      </svg>
      <figcaption>{label}</figcaption>
    </figure>
  );
}
