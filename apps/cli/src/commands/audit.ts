import type { Command } from 'commander';
import { ExitError } from '@dossier/runtime/errors.ts';
import type { AuditVerdict } from '@dossier/accounts/audit-chain.ts';
import type { Context } from '../context.ts';
import { counted } from '../counted.ts';
import { print, printJson } from '../output.ts';
import { withDatabase } from '../with-database.ts';

const differs = 3;

/** `dossier audit verify` */
export function addAudit(program: Command, context: Context): void {
  const group = program.command('audit').description('what is kept of who did what');
  const verify = group
    .command('verify')
    .description("recomputes the chain of the audit, on this host's database: 0 it is whole, 3 entries were altered, taken out or put in")
    .option('--head <entries:hash>', 'a head that a webhook was told earlier ("audit" of its messages): the chain has to hold it')
    .option('--json', 'print JSON for programs')
    .action(async ({ head, json }: { head?: string; json?: boolean }) => {
      const { verifyAudit } = await import('@dossier/accounts/audit-chain.ts');
      const told = head === undefined ? null : headOf(head);
      const verdict = await withDatabase(verify, context, (database) => verifyAudit(database, told));
      if (json) printJson({ whole: verdict.faults.length === 0, ...verdict });
      else print(describe(verdict));
      if (verdict.faults.length > 0) process.exitCode = differs;
    });
}

function headOf(text: string): { entries: number; hash: string } {
  const [, entries, hash] = /^(\d{1,15}):([0-9a-f]{64})$/i.exec(text) ?? [];
  if (entries === undefined || hash === undefined) {
    throw new ExitError(2, `--head ${JSON.stringify(text)} is no head: it is a number of entries, a colon and 64 hexadecimal digits.`);
  }
  return { entries: Number(entries), hash: hash.toLowerCase() };
}

function describe({ head, faults }: AuditVerdict): string {
  const end = `Its head: ${head.entries}:${head.hash}`;
  if (faults.length === 0) return `The audit is whole: ${counted(head.entries, 'entry', 'entries')}, each as it was written.\n${end}`;
  const lines = faults.map(({ sentence, date }) => `  ${sentence}${date ? ` (${new Date(date).toISOString()})` : ''}`);
  return [`The audit is NOT whole:`, ...lines, end].join('\n');
}
