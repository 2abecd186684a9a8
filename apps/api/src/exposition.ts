/** A value of a metric with its labels. `suffix` is for histograms: `_bucket`, `_sum`, `_count`. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string | number>>;
  readonly suffix?: '_bucket' | '_sum' | '_count';
  readonly value: number;
}

/** A metric in the text form of Prometheus (version 0.0.4); one without samples is left out. */
export function renderMetric(
  name: string,
  { type, help }: { type: 'counter' | 'gauge' | 'histogram'; help: string },
  samples: readonly Sample[],
): string {
  if (samples.length === 0) return '';
  const lines = samples.map(({ labels = {}, suffix = '', value }) => `${name}${suffix}${renderLabels(labels)} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}

function renderLabels(labels: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(labels).map(
    ([key, value]) => `${key}="${String(value).replaceAll(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`))}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
