import { expect, it } from 'vitest';
import { PageMemory } from './page-memory.ts';

const mebibyte = 1024 * 1024;

it('gives what was given back to a later page that fits into it', () => {
  const memory = new PageMemory();
  const first = memory.take(mebibyte + 1);
  memory.giveBack(first);
  const smaller = memory.take(10);
  expect(smaller).toHaveLength(10);
  expect(smaller.buffer).toBe(first.buffer);
  memory.giveBack(smaller);
  expect(memory.take(3 * mebibyte).buffer).not.toBe(first.buffer);
  expect(memory.take(2 * mebibyte).buffer).toBe(first.buffer);
});

it('never gives the same memory to two pages at once', () => {
  const memory = new PageMemory();
  const first = memory.take(10);
  expect(memory.take(10).buffer).not.toBe(first.buffer);
  memory.giveBack(first);
  memory.giveBack(first);
  expect(memory.take(10).buffer).not.toBe(memory.take(10).buffer);
});

it('leaves alone what it did not give', () => {
  const memory = new PageMemory();
  const stranger = Buffer.alloc(2 * mebibyte);
  memory.giveBack(stranger);
  expect(memory.take(10).buffer).not.toBe(stranger.buffer);
});
