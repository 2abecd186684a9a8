import type { Measures } from './measures.ts';
import { figure, table } from './table.ts';
import { targets } from './targets.ts';

export interface Facts {
  begun: string;
  names: string[];
  size: number;
  runs: number;
  machine: { cores: number; memoryGiB: number; node: string };
  cut: string[];
}

/** What a person reads: everything measured, each target with what became of it, and what was left out. */
export function report(measures: Measures, facts: Facts): string {
  const { cores, memoryGiB, node } = facts.machine;
  const judged = targets.flatMap(({ what, target, judge }) => {
    const verdict = judge(measures);
    return verdict ? [[what, target, verdict.measured, verdict.met ? 'met' : 'missed']] : [];
  });
  const unmeasured = targets.filter((target) => !target.judge(measures)).map((target) => target.what.trim());
  const measured = measures.names().map((name) => {
    const { count, median, minimum, maximum } = measures.summary(name);
    return [name, figure(median), figure(minimum), figure(maximum), measures.unit(name), String(count)];
  });
  return [
    `${facts.names.join(', ')} · ${facts.size} dossiers · ${facts.runs} rounds · ${cores} cores, ${memoryGiB} GiB · Node ${node} · ${facts.begun.slice(0, 10)}`,
    '',
    table(['measured', 'median', 'minimum', 'maximum', 'unit', 'samples'], measured),
    '',
    table(['ratio of medians (smallest–largest within a round)', 'target', 'measured', 'verdict'], judged),
    ...section('Notes', measures.notes),
    ...section('Not measured', unmeasured),
    ...section('No time was left for', facts.cut),
    ...section('Could not be measured', measures.impossible),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `- ${line}`)];
}
