import { describe, expect, it } from 'vitest';
import { ReadAhead } from './read-ahead.ts';

describe('reading ahead', () => {
  it('makes one item before it is asked for, however often it is begun', async () => {
    let made = 0;
    async function* items(): AsyncGenerator<number> {
      while (made < 3) yield (made += 1);
    }
    const ahead = new ReadAhead(items());
    ahead.begin();
    ahead.begin();
    await Promise.resolve();
    expect(made).toBe(1);
    expect([await ahead.next(), await ahead.next(), await ahead.next(), await ahead.next()]).toEqual([1, 2, 3, null]);
  });

  it('tells what went wrong to whoever asks, and nobody else', async () => {
    async function* items(): AsyncGenerator<number> {
      yield 1;
      throw new Error('the disk is gone');
    }
    const ahead = new ReadAhead(items());
    expect(await ahead.next()).toBe(1);
    ahead.begin();
    await new Promise((resolve) => setImmediate(resolve));
    await expect(ahead.next()).rejects.toThrow('the disk is gone');
    await ahead.close();
  });
});
