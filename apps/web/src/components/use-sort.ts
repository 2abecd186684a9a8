import { useNavigate, useSearch } from '@tanstack/react-router';
import { inPlace } from '../address.ts';

/** The order that the address names, and how to name another one. */
export function useSort(): [sort: string | undefined, setSort: (sort: string | undefined) => void] {
  const { sort } = useSearch({ strict: false });
  const navigate = useNavigate();
  return [sort, (next) => void navigate({ to: '.', search: (before) => ({ ...before, sort: next }), ...inPlace })];
}
