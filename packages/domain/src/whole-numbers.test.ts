import { expect, it } from 'vitest';
import { metaFault } from './dossier.ts';
import { parseJson } from './whole-numbers.ts';

it.each([
  '9007199254740992',
  '-9007199254740992',
  '123456789012345680',
  '52.520006599999998',
  '0.1000000000000000055511151231257827',
  '1e21',
  '"12345678901234567890"',
  '{"card": "4000000000000002", "n": [1, null, true, {"12345678901234567890": 0}]}',
])('%s is taken as JSON.parse takes it', (text) => {
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

it.each(['9007199254740993', '-9007199254740993', '12345678901234567890', '1'.repeat(400)])('%s would be another number', (number) => {
  expect(metaFault(parseJson(`{"papers": [{"number": ${number}}]}`))).toBe(
    'meta.papers[0].number is a number that cannot be kept as it is written; put it in quotes, as a text',
  );
});

it('fails as JSON.parse does', () => {
  expect(() => parseJson('{"n": 12345678901234567890')).toThrow(SyntaxError);
});
