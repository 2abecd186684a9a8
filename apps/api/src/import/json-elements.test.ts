import { expect, it } from 'vitest';
import { readElements } from './json-elements.ts';
import type { Element } from './json-elements.ts';

async function elementsOf(content: string, size: number): Promise<[number, string][]> {
  const bytes = Buffer.from(content);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
  }
  const elements: Element[] = [];
  for await (const chunk of readElements(pieces())) elements.push(...chunk);
  return elements.map((element) => [element.number, 'fault' in element ? (element.fault.split(':')[0] ?? '') : element.text]);
}

const a = '{"name":"A, {\\"[é]\\" \\\\"}';
const b = '{\r\n  "name": "愛",\n  "meta": {"x": [[1, {}]]}\n}';

it.each<[string, string, [number, string][]]>([
  [
    'an array in one line',
    `[${a},${a} , ${a}]`,
    [
      [1, a],
      [1, a],
      [1, a],
    ],
  ],
  [
    'an array over many lines',
    `[\n${a},\r\n\r\n${b}\r\n,\n${a},\n]\n`,
    [
      [2, a],
      [4, b],
      [9, a],
    ],
  ],
  [
    'objects behind each other',
    `${b}\n${b}${a}`,
    [
      [1, b],
      [5, b],
      [8, a],
    ],
  ],
  [
    'arrays behind each other',
    `[${a}]\r[${a},\r${a}]`,
    [
      [1, a],
      [2, a],
      [3, a],
    ],
  ],
  ['an empty array', ' [ ] ', []],
  [
    'what is no object',
    `[1,\n"two", [3], null\n]`,
    [
      [1, '1'],
      [2, '"two"'],
      [2, '[3]'],
      [2, 'null'],
    ],
  ],
  [
    'an array that breaks off',
    `[\n  ${a},\n  {"name": "B`,
    [
      [2, a],
      [3, 'begins here and never ends'],
    ],
  ],
  [
    'a missing bracket',
    `[\n{"name": "A", "meta": {},\n${a},\n${a}\n]`,
    [
      [2, 'begins here and never ends'],
      [3, a],
      [4, a],
    ],
  ],
  [
    'a missing bracket of an object in many lines',
    `[\n {\n  "name": "A"\n ,\n {\n  "name": "B"\n }\n]`,
    [
      [2, 'begins here and never ends'],
      [5, '{\n  "name": "B"\n }'],
    ],
  ],
  [
    'a missing quote',
    `[\n{"name": "A},\n${a}\n]`,
    [
      [2, 'begins here and never ends'],
      [3, a],
    ],
  ],
])('%s is cut into its elements, whatever the pieces are', async (_, content, expected) => {
  for (const size of [1, 2, 3, 7, 1000]) expect(await elementsOf(content, size)).toEqual(expected);
});

it('elements over the limit are refused, and those behind them are not', async () => {
  const long = `{"name":"${'x'.repeat(1024 * 1024)}"}`;
  const found = await elementsOf(`[\n${a},\n${long},\n${a}\n]`, 64 * 1024);
  expect(found.map(([line, text]) => [line, text.slice(0, 14)])).toEqual([
    [2, a.slice(0, 14)],
    [3, 'is longer than'],
    [4, a.slice(0, 14)],
  ]);
});
