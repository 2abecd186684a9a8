/** Those items for which the asynchronous test holds, in their order; at most `concurrency` tests run at once. */
export async function filterBounded<T>(items: readonly T[], concurrency: number, holds: (item: T) => Promise<boolean>): Promise<T[]> {
  const kept = items.map(() => false);
  const entries = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of entries) kept[index] = await holds(item);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, work));
  return items.filter((_, index) => kept[index]);
}
