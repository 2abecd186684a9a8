/** A list in which one item has another place. */
export function moved<Item>(items: readonly Item[], from: number, to: number): Item[] {
  const left = items.filter((_, index) => index !== from);
  const item = items[from];
  if (item === undefined) return [...items];
  const place = Math.min(Math.max(to, 0), left.length);
  return [...left.slice(0, place), item, ...left.slice(place)];
}
