import { loadConfiguration } from '@dossier/runtime/configuration.ts';
import type { LoadedConfiguration } from '@dossier/runtime/configuration.ts';
import type { Command } from 'commander';

/** The world as the program was started in it. */
export interface Context {
  /** Without the interpreter and the program. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly workingDirectory: string;
}

/** Adds a command to the program; each file under commands/ has one. */
export type AddCommand = (program: Command, context: Context) => void;

/** The configuration that the command was started with. Throws ConfigurationError. */
export function configurationOf(command: Command, { environment, workingDirectory }: Context): LoadedConfiguration {
  const { config } = command.optsWithGlobals<{ config?: string }>();
  return loadConfiguration({ file: config, environment, workingDirectory });
}
