import { InvalidArgumentError } from 'commander';

/** An id of a watch list, run or dead letter as an argument. */
export function parseId(text: string): number {
  const id = Number(text);
  if (!/^[1-9]\d{0,15}$/.test(text) || !Number.isSafeInteger(id))
    throw new InvalidArgumentError('It must be an id: a whole number from 1.');
  return id;
}

/** One more id of a list of ids. */
export function parseIds(text: string, previous: readonly number[] | undefined): number[] {
  return [...(previous ?? []), parseId(text)];
}
