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

describe('lines', () => {
  it('have the same numbers and texts whatever the pieces are', async () => {
    const content = '{"name":"Ада"}\r\n\n  \n{"name":"愛 👩‍👩‍👧"}\n{"name":"last, without an end"}';
    const expected = [
      { number: 1, text: '{"name":"Ада"}' },
      { number: 4, text: '{"name":"愛 👩‍👩‍👧"}' },
      { number: 5, text: '{"name":"last, without an end"}' },
    ];
    for (let size = 1; size <= Buffer.byteLength(content) + 1; size += 1) expect(await linesOf(content, size)).toEqual(expected);
  });

  it('are none in an empty file', async () => {
    expect(await linesOf('')).toEqual([]);
    expect(await linesOf('\n\r\n \n')).toEqual([]);
  });

  it('lose a byte order mark at the beginning of the file and nowhere else', async () => {
    expect(await linesOf('\uFEFF{"a":1}\n{"a":"\uFEFF"}')).toEqual([
      { number: 1, text: '{"a":1}' },
      { number: 2, text: '{"a":"\uFEFF"}' },
    ]);
  });

  it('that are no UTF-8 are refused one by one', async () => {
    const content = Buffer.concat([Buffer.from('first\n'), Buffer.from([0xc3, 0x28, 0x0a]), Buffer.from('third\n'), Buffer.from([0xff])]);
    for (const size of [1, 3, 100]) {
      expect(await linesOf(content, size)).toEqual([
        { number: 1, text: 'first' },
        { number: 2, fault: 'is not valid UTF-8' },
        { number: 3, text: 'third' },
        { number: 4, fault: 'is not valid UTF-8' },
      ]);
    }
  });

  it('of a file in UTF-16 say so', async () => {
    const [line] = await linesOf(Buffer.from('\uFEFF{"name":"Ada"}', 'utf16le'), 1000);
    expect(line).toEqual({ number: 1, fault: 'is UTF-16; save the file as UTF-8' });
  });

  it('that are too long are passed over, and those around them are not', async () => {
    const bound = 'x'.repeat(maximumLineBytes);
    const content = `before\n${bound}\n${bound}x\nafter\n${'é'.repeat(maximumLineBytes / 2 + 1)}\nend\n${bound}${bound}`;
    for (const size of [64 * 1024, 1_000_003, 10 * maximumLineBytes]) {
      const lines = await linesOf(content, size);
      expect(lines.map((line) => ('fault' in line ? [line.number, line.fault] : [line.number, line.text.length]))).toEqual([
        [1, 6],
        [2, maximumLineBytes],
        [3, `is longer than ${maximumLineBytes} bytes`],
        [4, 5],
        [5, `is longer than ${maximumLineBytes} bytes`],
        [6, 3],
        [7, `is longer than ${maximumLineBytes} bytes`],
      ]);
    }
  });
});
