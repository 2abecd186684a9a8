import * as fc from 'fast-check';
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
  '1.23457e22',
  '12345700000000000000000',
  '1.2345678901234568e20',
  '123456789012345680000',
  '0.0000000000000000000000000000001e45',
  '1.7976931348623157e308',
  '0.00000000000000000e999999999999',
  '"12345678901234567890"',
  '{"card": "4000000000000002", "n": [1, null, true, {"12345678901234567890": 0}]}',
])('%s is taken as JSON.parse takes it', (text) => {
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

it.each([
  '9007199254740993',
  '-9007199254740993',
  '9007199254740993.0',
  '900719925474099.3e1',
  '90071992547409930e-1',
  '9.007199254740993E15',
  '9223372036854775808',
  '12345678901234567890',
  '1'.repeat(400),
])('%s would be another number', (number) => {
  expect(metaFault(parseJson(`{"papers": [{"number": ${number}}]}`))).toBe(
    'meta.papers[0].number is a number that cannot be kept as it is written; put it in quotes, as a text',
  );
});

it('whatever number JSON.stringify writes is taken', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      const text = JSON.stringify({ number });
      expect(JSON.stringify(parseJson(text))).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

it('fails as JSON.parse does', () => {
  expect(() => parseJson('{"n": 12345678901234567890')).toThrow(SyntaxError);
});
