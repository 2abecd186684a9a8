import { parseArgs } from 'node:util';
import { startTestCluster } from '../kit/global-database.ts';
import { workOnRights } from './rights-crew.ts';
import type { RightsReport } from './rights-crew.ts';

/* npm run campaign:rights -- [--seeds N] [--first N] [--mutation NAME] */

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '50' }, first: { type: 'string', default: '1' }, mutation: { type: 'string' } },
});
const first = Number(values.first);
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => first + index);
const cluster = await startTestCluster();
const found: RightsReport[] = [];
let done = 0;
try {
  await workOnRights(seeds, {
    clusterUrl: cluster.url,
    mutation: values.mutation ?? null,
    stop: (report) => {
      done += 1;
      if (report.violation === null) return false;
      found.push(report);
      console.log(`seed ${report.seed}: ${report.violation}\n  ${report.trace.join('\n  ')}`);
      return values.mutation !== undefined;
    },
  });
} finally {
  await cluster.stop();
}
console.log(`${done} seeds, ${found.length} violations`);
process.exitCode = (values.mutation === undefined) === (found.length === 0) ? 0 : 1;
