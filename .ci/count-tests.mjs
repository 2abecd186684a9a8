// node count-tests.mjs REPORT KINDS EXIT_CODE: prints "<passed> <failed>" of a vitest run; what it holds against the run goes to stderr.
// Plain JavaScript: it also runs on the machine's own, older Node.
import { readFileSync } from 'node:fs';

const [reportFile, kinds, exitCode] = process.argv.slice(2);
const complain = (sentence) => process.stderr.write(`FAILED: ${sentence}\n`);

function kindOf(file) {
  const folder = /\/test\/(integration|end-to-end|redis|clock|debian|real|browser)\//.exec(file);
  if (folder) return folder[1];
  return file.endsWith('.integration.test.ts') ? 'integration' : 'unit';
}

function readReport() {
  try {
    return JSON.parse(readFileSync(reportFile, 'utf8'));
  } catch (error) {
    complain(`the run left no report (${error.message})`);
    return null;
  }
}

function count(report) {
  let failed = report.numFailedTests;
  const ran = new Set();
  for (const file of report.testResults) {
    const tests = file.assertionResults;
    const unfinished = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');
    for (const test of unfinished) {
      complain(`${test.status}, not run: ${test.fullName} (${file.name})`);
      failed += 1;
    }
    if (tests.length > unfinished.length) ran.add(kindOf(file.name));
    if (file.status === 'failed' && !tests.some((test) => test.status === 'failed')) {
      complain(`${file.name}: ${file.message || 'failed outside its tests'}`);
      failed += 1;
    }
  }
  for (const kind of kinds.split(',')) {
    if (ran.has(kind)) continue;
    complain(`no test of the suite "${kind}" ran`);
    failed += 1;
  }
  if (exitCode !== '0' && failed === 0) {
    complain(`the run ended with exit code ${exitCode}`);
    failed += 1;
  }
  return [report.numPassedTests, failed];
}

const report = readReport();
process.stdout.write((report === null ? [0, 1] : count(report)).join(' '));
