import type { Measures } from './measures.ts';
import { figure } from './table.ts';

/** One row of the table of targets. */
export interface Target {
  readonly what: string;
  readonly target: string;
  /** What was measured, in words, and whether the target is met; null where something needed was not measured. */
  readonly judge: (measures: Measures) => { measured: string; met: boolean } | null;
}

/** At most so many times another measure. */
function ratioAtMost(what: string, names: readonly [string, string], limit: number): Target {
  return { what, target: `≤ ${limit} ×`, judge: (measures) => judgeRatio(measures, names, (value) => value <= limit) };
}

/** A ratio without a target. */
function told(what: string, names: readonly [string, string]): Target {
  return { what, target: 'told', judge: (measures) => judgeRatio(measures, names, () => true) };
}

/** At least so many times faster than another. */
function timesFaster(what: string, names: readonly [string, string], limit: number): Target {
  return { what, target: `≥ ${limit} times faster`, judge: (measures) => judgeRatio(measures, names, (value) => value >= limit) };
}

function judgeRatio(measures: Measures, [name, to]: readonly [string, string], isMet: (value: number) => boolean) {
  const { value, minimum, maximum } = measures.ratio(name, to);
  if (!Number.isFinite(value)) return null;
  const range = minimum === maximum ? '' : ` (${figure(minimum)}–${figure(maximum)})`;
  return { measured: `${figure(value)} ×${range}`, met: isMet(value) };
}

/** At most so much, by the median. */
function atMost(what: string, name: string, limit: number): Target {
  return {
    what,
    target: `≤ ${limit}`,
    judge: (measures) => {
      const value = measures.median(name);
      return Number.isFinite(value) ? { measured: `${figure(value)} ${measures.unit(name)}`, met: value <= limit } : null;
    },
  };
}

/** At least so many times another measure. */
function ratioAtLeast(what: string, names: readonly [string, string], limit: number): Target {
  return { what, target: `≥ ${limit} ×`, judge: (measures) => judgeRatio(measures, names, (value) => value >= limit) };
}

/** Readers' p99 during an apply: at most three times that of an idle node, or 20 ms. */
function undisturbed(by: string, what: string): Target {
  const name = `readers by ${by}, ${what}: p99`;
  return {
    what: `readers by ${by}, p99 during: ${what}`,
    target: '≤ 3 × idle or ≤ 20 ms',
    judge: (measures) => {
      const [value, idle] = [measures.median(name), measures.median(`readers by ${by}, control, idle: p99`)];
      if (!Number.isFinite(value / idle)) return null;
      const beside = measures.median(`readers by ${by}, control, COPY beside them: p99`);
      return {
        measured: `${figure(value)} ms, idle ${figure(idle)} ms, beside COPY ${figure(beside)} ms`,
        met: value <= Math.max(3 * idle, 20),
      };
    },
  };
}

export const targets: readonly Target[] = [
  ratioAtMost(
    'first sync, pages not made yet : logical replication, same indexes',
    ['first sync, not yet encoded', 'logical replication, same indexes'],
    1.25,
  ),
  ratioAtMost('first sync, pages made before : the same', ['first sync, encoded before', 'logical replication, same indexes'], 1.05),
  told('first sync, pages not made yet : logical replication, three indexes', ['first sync, not yet encoded', 'logical replication']),
  told('first sync, pages made before : the same', ['first sync, encoded before', 'logical replication']),
  told('first sync, pages not made yet : COPY pipes, same indexes', ['first sync, not yet encoded', 'two COPY pipes, same indexes']),
  timesFaster('first sync, pages not made yet, than the naive program', ['naive program', 'first sync, not yet encoded'], 4.5),
  timesFaster('first sync, pages not made yet, than PouchDB', ['PouchDB', 'first sync, not yet encoded'], 9),
  atMost('nothing changed: requests', 'unchanged: requests', 1),
  atMost('nothing changed: p50 from job start', 'unchanged', 6),
  ratioAtMost('nothing changed: this size : 10,000', ['unchanged', 'unchanged, 10,000'], 1.2),
  atMost('few changes (one of 10,000): from job start to verified', 'few changes', 30),
  ratioAtMost('few changes in this list : as many in 10,000', ['few changes', 'few changes, 10,000'], 1.5),
  ratioAtMost('1 % changed : logical replication after commit', ['1 % changed', 'logical replication, 1 % after commit'], 2),
  ratioAtMost('deep verification : first sync', ['deep verification', 'first sync, not yet encoded'], 0.3),
  told('1 % changed : first sync', ['1 % changed', 'first sync, not yet encoded']),
  told('1 % changed: WAL : that of a full replacement', ['1 % changed: WAL', 'first sync: WAL']),
  told('digest of the whole tree : first sync', ['digest', 'first sync, not yet encoded']),
  atMost('memory of the worker, peak', 'memory: worker', 180),
  told('memory of the worker: this size : a tenth', ['memory: worker', 'memory: worker, a tenth']),
  atMost('memory of the master’s api with 20 slaves pulling', '20 slaves pull: memory of the api', 200),
  ...['first sync', '1 % changed', '100 % changed', 'full sync, equal'].flatMap((what) => [
    undisturbed('the API', what),
    undisturbed('SQL', what),
  ]),
  atMost('search, words of three letters and more, at rest: p95', 'search, at rest: p95', 150),
  atMost(
    'search, words of three letters and more, while a sync and the index follow: p95',
    'search, while a sync and the index follow: p95',
    150,
  ),
  atMost('readers: errors', 'readers: errors', 0),
  atMost('readers: pages of two states of the list', 'readers: mixed pages', 0),
  ratioAtMost(
    '20 slaves pull : one pulls, pages not made yet; the master’s processor time',
    ['20 slaves pull: processor time of the master', 'one slave pulls, not yet encoded: processor time of the master'],
    1,
  ),
  ratioAtMost('first sync by keys of sites : by the token alone', ['first sync by keys', 'first sync by the token alone'], 1.03),
  ratioAtMost(
    'nothing changed, by keys of sites : by the token alone',
    ['nothing changed by keys', 'nothing changed by the token alone'],
    1.03,
  ),
  ratioAtMost('2,000 photos of 100 KB : curl, sha256sum and sync', ['photos', 'curl, sha256sum and sync'], 1.8),
  ratioAtLeast('import : COPY into the same indexed tables', ['import', 'COPY into the same tables'], 0.55),
  atMost('POST /sync/dossier-lists/ at 200 per s during a sync: p99', 'POST at 200 per s during a sync: p99', 60),
  atMost('POST /sync/dossier-lists/: not accepted', 'POST: not accepted', 0),
  atMost('1,000 links, none changed: one tick', 'tick of 1000 unchanged links', 5000),
  atMost('1,000 links, none changed: requests', 'tick of 1000 unchanged links: requests', 10),
  atMost('a list in the browser: first rows', 'browser: first rows', 300),
  atMost('a list in the browser: rows not shown when scrolled through', 'browser: rows not shown', 0),
  atMost('a list in the browser: dropped answers and errors', 'browser: dropped answers and errors', 0),
];
