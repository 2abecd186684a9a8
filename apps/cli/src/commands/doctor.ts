import type { Command } from 'commander';
import { createLogger } from '@dossier/runtime/logger.ts';
import { catchStrayLines } from '@dossier/runtime/stray-lines.ts';
import { configurationOf } from '../context.ts';
import type { Context } from '../context.ts';
import { print, printJson } from '../output.ts';
import { printable } from '../printable.ts';
import type { Finding } from '../doctor/finding.ts';

/** `dossier doctor` */
export function addDoctor(program: Command, context: Context): void {
  const command = program
    .command('doctor')
    .description('looks at all that this host’s node needs, also while it is down, and says in words what is wrong and what to do')
    .option('--json', 'print JSON for programs')
    .addHelpText(
      'after',
      '\nExit code 1 if anything failed; warnings alone are 0. Nothing is changed; a probe is written where photos are kept.',
    )
    .action(async ({ json }: { json?: boolean }) => {
      const loaded = configurationOf(command, context);
      // What libraries have to say is among the findings.
      catchStrayLines(createLogger({ level: 'silent', name: 'doctor', pretty: false }));
      // Loaded when needed, with PostgreSQL, image and storage libraries: other commands start faster without.
      const { examine } = await import('../doctor/examine.ts');
      const findings = await examine(loaded);
      const sound = findings.every(({ state }) => state !== 'failed');
      if (json === true) printJson({ ok: sound, findings });
      else report(findings);
      process.exitCode = sound ? 0 : 1;
    });
}

const words: Record<Finding['state'], string> = { ok: 'ok', warning: 'WARNING', failed: 'FAILED', skipped: '-' };

function report(findings: readonly Finding[]): void {
  const width = Math.max(...findings.map(({ check }) => check.length));
  for (const { check, state, sentence, remedy } of findings) {
    print(`${words[state].padEnd(8)} ${check.padEnd(width)}  ${printable(sentence)}`);
    if (remedy !== null) print(`${' '.repeat(width + 11)}→ ${printable(remedy)}`);
  }
  const count = (state: Finding['state']): number => findings.filter((finding) => finding.state === state).length;
  print('');
  print(`${count('ok')} in order, warnings: ${count('warning')}, failed: ${count('failed')}.`);
}
