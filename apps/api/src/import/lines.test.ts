import { describe, expect, it } from 'vitest';
import { maximumLineBytes, readLines } from './lines.ts';
import type { Line } from './lines.ts';

/** The lines of the bytes, which arrive in pieces of `size`. */
async function linesOf(content: string | Buffer, size = 7): Promise<Line[]> {
  const bytes = Buffer.from(content);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
  }
  const lines: Line[] = [];
  for await (const chunk of readLines(pieces())) lines.push(...chunk);
  return lines;
}

/** What is in a line, blank ones left out. */
const told = (lines: readonly Line[]): unknown[][] =>
  lines
    .filter(({ text, isTooLong }) => text.trim() !== '' || isTooLong)
    .map(({ number, text, isUtf8, isTooLong }) => (isTooLong ? [number, 'too long'] : isUtf8 ? [number, text] : [number, 'no UTF-8']));

describe('lines', () => {
  it('have the same numbers and texts whatever the pieces are, also with several kinds of ends', async () => {
    const content = '{"name":"Ада"}\r\n\n  \n{"name":"愛 👩‍👩‍👧"}\r{"name":"of a Mac"}\r\r\n{"name":"last, without an end"}';
    const expected = [
      [1, '{"name":"Ада"}'],
      [4, '{"name":"愛 👩‍👩‍👧"}'],
      [5, '{"name":"of a Mac"}'],
      [7, '{"name":"last, without an end"}'],
    ];
    for (let size = 1; size <= Buffer.byteLength(content) + 1; size += 1) expect(told(await linesOf(content, size))).toEqual(expected);
    const lines = await linesOf(content, 5);
    expect(lines.map(({ end }) => end)).toEqual(['\r\n', '\n', '\n', '\r', '\r', '\r\n', '']);
    expect(lines.map(({ text, end }) => text + end).join('')).toBe(content);
  });

  it('are none in an empty file, and none begins behind the last end', async () => {
    expect(await linesOf('')).toEqual([]);
    expect((await linesOf('\n\r\n \n')).map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  it('that are no UTF-8 harm no others', async () => {
    const content = Buffer.concat([Buffer.from('first\n'), Buffer.from([0xc3, 0x28, 0x0a]), Buffer.from('trés\n'), Buffer.from([0xff])]);
    for (const size of [1, 3, 100]) {
      expect(told(await linesOf(content, size))).toEqual([
        [1, 'first'],
        [2, 'no UTF-8'],
        [3, 'trés'],
        [4, 'no UTF-8'],
      ]);
    }
  });

  it('that are too long are passed over, and those around them are not', async () => {
    const bound = 'x'.repeat(maximumLineBytes);
    const content = `before\n${bound}\n${bound}x\nafter\r\n${'é'.repeat(maximumLineBytes / 2 + 1)}\nend\n${bound}${bound}`;
    for (const size of [64 * 1024, 1_000_003, 10 * maximumLineBytes]) {
      expect(told(await linesOf(content, size)).map(([number, text]) => [number, String(text).slice(0, 10)])).toEqual([
        [1, 'before'],
        [2, 'xxxxxxxxxx'],
        [3, 'too long'],
        [4, 'after'],
        [5, 'too long'],
        [6, 'end'],
        [7, 'too long'],
      ]);
    }
  });
});
