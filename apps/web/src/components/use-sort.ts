import { useNavigate, useSearch } from '@tanstack/react-router';
import { z } from 'zod';

/** What the address of any page may say: by which column its rows are sorted, `name` or `-name`. */
export const sortSearch = z.object({ sort: z.string().max(40).optional().catch(undefined) });

/** The order that the address names, and how to name another one. */
export function useSort(): [sort: string | undefined, setSort: (sort: string | undefined) => void] {
  const { sort } = useSearch({ strict: false });
  const navigate = useNavigate();
  return [sort, (next) => void navigate({ to: '.', search: (before) => ({ ...before, sort: next }), replace: true })];
}
