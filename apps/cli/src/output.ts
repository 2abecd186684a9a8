import type { WriteStream } from 'node:tty';
import { printable, printableJson, printableLines } from './printable.ts';

/** Ends quietly when whoever reads the output goes away (`dossier status | head -1`). */
export function outliveReaders(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
}

/** One line, or several, on standard output. What could drive a terminal is taken out, here as everywhere. */
export function print(text: string): void {
  process.stdout.write(`${printableLines(text)}\n`);
}

/** A value for programs: JSON on standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(value)}\n`);
}

/** Says something to the person at the terminal without mixing it into the data on standard output. */
export function note(text: string): void {
  process.stderr.write(`${printableLines(text)}\n`);
}

/** A line that is rewritten in place on a terminal. Elsewhere it is printed anew every few seconds, if it changes. */
export interface ProgressLine {
  update(text: string): void;
  /** Removes the line from a terminal. */
  end(): void;
}

const plainIntervalMs = 3000;
const clearLine = '\r\u001B[2K';

/** Progress goes to standard error, so that it never mixes with data. */
export function progressLine(stream: WriteStream | NodeJS.WriteStream = process.stderr): ProgressLine {
  let shown = '';
  let shownAt = performance.now();
  if (stream.isTTY) {
    return {
      update(text) {
        if (text === shown) return;
        shown = text;
        stream.write(`${clearLine}${printable(text).slice(0, Math.max(20, stream.columns - 1))}`);
      },
      end() {
        if (shown !== '') stream.write(clearLine);
      },
    };
  }
  return {
    update(text) {
      if (text === shown || performance.now() - shownAt < plainIntervalMs) return;
      shown = text;
      shownAt = performance.now();
      stream.write(`${printable(text)}\n`);
    },
    end() {},
  };
}

const barWidth = 24;

/** `[########----------------]  33 %`, from 0 to 1. */
export function bar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * barWidth);
  return `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}] ${String(Math.floor(Math.min(1, share) * 100)).padStart(3)} %`;
}
