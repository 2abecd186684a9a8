import { CommanderError } from 'commander';
import { bePatientWithAddresses } from '@dossier/runtime/outbound-address.ts';
import type { Context } from './context.ts';
import { exitCodeOf, sentencesOf } from './failure.ts';
import { outliveReaders } from './output.ts';
import { printableLines } from './printable.ts';
import { buildProgram } from './program.ts';

/** Runs one command line to its end and sets the exit code: 0 done, 1 failed, 2 wrong usage or configuration, 3 not verified. */
export async function main(context: Context): Promise<void> {
  outliveReaders(process.stdout);
  outliveReaders(process.stderr);
  bePatientWithAddresses();
  try {
    await buildProgram(context).parseAsync([...context.arguments], { from: 'user' });
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    // What is wrong with the usage has been said by the parser.
    if (!(error instanceof CommanderError))
      process.stderr.write(printableLines(sentencesOf(error, context.environment['LOG_LEVEL'] === 'debug')));
  }
}
