import { ExitError } from '@dossier/runtime/errors.ts';

export function parseLists(text: string): number[] | null {
  if (text.trim() === 'all') return null;
  if (text.trim() === '' || text.trim() === 'none') return [];
  const ids = text.split(',').map((part) => (/^\s*[1-9]\d{0,14}\s*$/.test(part) ? Number(part) : Number.NaN));
  if (ids.some(Number.isNaN))
    throw new ExitError(2, `--lists ${JSON.stringify(text)}: ids of watch lists are needed, as 1,2, or "all" or "none".`);
  return ids;
}
