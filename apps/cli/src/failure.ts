import { CommanderError } from 'commander';
import { ApplicationError, ExitError } from '@dossier/runtime/errors.ts';

/** The exit code that an error stands for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ExitError) return error.exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return 1;
}

/** What an operator reads about an error: the sentence and, on a line of its own, the remedy. With `debug` the stack as well. */
export function sentencesOf(error: unknown, debug: boolean): string {
  const lines = [error instanceof Error ? error.message : String(error)];
  if ((error instanceof ExitError || error instanceof ApplicationError) && error.remedy !== undefined) lines.push(error.remedy);
  if (error instanceof AggregateError) lines.push(...error.errors.map(messageOf));
  if (debug && error instanceof Error) lines.push('', error.stack ?? '', ...causesOf(error));
  else if (!isForOperators(error)) lines.push('LOG_LEVEL=debug shows where this comes from.');
  return `${lines.filter((line, index) => line !== '' || index > 0).join('\n')}\n`;
}

function isForOperators(error: unknown): boolean {
  return error instanceof ExitError || error instanceof ApplicationError;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function causesOf(error: Error): string[] {
  const lines: string[] = [];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) lines.push(`caused by ${cause.stack ?? cause.message}`);
  return lines;
}
