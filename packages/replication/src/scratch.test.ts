import { expect, it } from 'vitest';
import { Scratch } from './scratch.ts';

it('writes digits as they are written elsewhere', () => {
  const scratch = new Scratch(64);
  for (const number of [0, 1, 9, 10, 99, 100, 65_536, 999_999_999, 1_000_000_000, 2_147_483_647]) {
    scratch.clear();
    scratch.decimal(number);
    expect(scratch.text()).toBe(String(number));
  }
  const bytes = Buffer.from([0x00, 0x0f, 0xa0, 0xff, 0x12]);
  scratch.clear();
  scratch.hex(bytes, 1, 4);
  expect(scratch.text()).toBe('0fa0ff');
});

it('keeps what was written when it needs more room', () => {
  const scratch = new Scratch(2);
  const longer = Buffer.from('cdefgh');
  scratch.byte(0x61);
  scratch.byte(0x62);
  scratch.reserve(longer.length);
  scratch.copy(longer, 0, longer.length);
  expect(scratch.text()).toBe('abcdefgh');
  expect(scratch.written()).toEqual(Buffer.from('abcdefgh'));
});
