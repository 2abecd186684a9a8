import { Command } from 'commander';
import { addApi } from './commands/api.ts';
import { addApprove } from './commands/approve.ts';
import { addAudit } from './commands/audit.ts';
import { addCredentials } from './commands/credentials.ts';
import { addDeadLetters } from './commands/dead-letters.ts';
import { addDemo } from './commands/demo.ts';
import { addFind } from './commands/find.ts';
import { addHeld } from './commands/held.ts';
import { addDoctor } from './commands/doctor.ts';
import { addImport } from './commands/import.ts';
import { addJoin } from './commands/join.ts';
import { addLink } from './commands/link.ts';
import { addMasters } from './commands/masters.ts';
import { addMigrate } from './commands/migrate.ts';
import { addNode } from './commands/node.ts';
import { addReject } from './commands/reject.ts';
import { addRelink } from './commands/relink.ts';
import { addSite } from './commands/site.ts';
import { addStart } from './commands/start.ts';
import { addStatus } from './commands/status.ts';
import { addSync } from './commands/sync.ts';
import { addToken } from './commands/token.ts';
import { addUndo } from './commands/undo.ts';
import { addUnlink } from './commands/unlink.ts';
import { addUser } from './commands/user.ts';
import { addVerify } from './commands/verify.ts';
import { addWorker } from './commands/worker.ts';
import { printableLines } from './printable.ts';
import type { AddCommand, Context } from './context.ts';

const commands: readonly AddCommand[] = [
  addStart,
  addApi,
  addWorker,
  addMigrate,
  addImport,
  addJoin,
  addLink,
  addRelink,
  addUnlink,
  addSync,
  addVerify,
  addStatus,
  addFind,
  addHeld,
  addApprove,
  addReject,
  addUndo,
  addSite,
  addMasters,
  addNode,
  addDeadLetters,
  addToken,
  addUser,
  addAudit,
  addDoctor,
  addDemo,
  addCredentials,
];

/** The command line of a node. What it throws carries the exit code. */
export function buildProgram(context: Context): Command {
  const program = new Command('dossier')
    .description('Watch lists of dossiers on a master, provably equal copies on every slave.')
    .option('--config <file>', 'YAML file with the configuration (default: DOSSIER_CONFIG, else ./dossier.yaml if it is there)')
    .helpOption('--help', 'what the command does and takes')
    .helpCommand(false)
    .showHelpAfterError('"--help" says what is possible.')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong usage or bad configuration, 3 not verified or differs.')
    .configureOutput({
      writeOut: (text) => process.stdout.write(printableLines(text)),
      writeErr: (text) => process.stderr.write(printableLines(text)),
    })
    .exitOverride();
  for (const add of commands) add(program, context);
  return program;
}
