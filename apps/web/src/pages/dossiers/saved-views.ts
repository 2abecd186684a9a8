import { useLocalStorage } from '@mantine/hooks';
import { z } from 'zod';
import { useSession } from '../../api/session.ts';
import { dossierSearch } from './search.ts';
import type { DossierSearch } from './search.ts';

/** What a view is of the address: all but the dossier that is open. */
const viewSearch = dossierSearch.omit({ open: true });
const storedViews = z.array(z.object({ name: z.string().min(1), search: viewSearch }));

/** Filters, order and view that somebody gave a name. */
export type SavedView = z.output<typeof storedViews>[number];

export const longestViewName = 60;

interface SavedViews {
  /** By name. */
  readonly views: readonly SavedView[];
  /** Keeps what the address says now; a view of the same name becomes this one. */
  readonly save: (name: string, search: DossierSearch) => void;
  /** Takes the place of a view that is called so. */
  readonly rename: (from: string, to: string) => void;
  readonly remove: (name: string) => void;
}

/** Views of the person who is signed in, kept in this browser; what can't be read counts as none. */
export function useSavedViews(): SavedViews {
  const { data: user } = useSession();
  const key = `dossier-views ${user?.name ?? ''}`;
  const [views, setViews] = useLocalStorage<readonly SavedView[]>({
    key,
    defaultValue: [],
    deserialize: readViews,
    getInitialValueInEffect: false,
  });
  // As they are kept by now: what is taken back later, or in another tab, undoes nothing else.
  const change = (next: (views: readonly SavedView[]) => readonly SavedView[]): void =>
    setViews(next(readViews(localStorage.getItem(key) ?? undefined)).toSorted((one, other) => one.name.localeCompare(other.name)));
  return {
    views,
    save: (name, search) => change((kept) => [...without(kept, name), { name, search: viewSearch.parse(search) }]),
    rename: (from, to) =>
      change((kept) => [...without(kept, from, to), ...kept.filter(({ name }) => name === from).map((view) => ({ ...view, name: to }))]),
    remove: (name) => change((kept) => without(kept, name)),
  };
}

function without(views: readonly SavedView[], ...names: string[]): readonly SavedView[] {
  return views.filter(({ name }) => !names.includes(name));
}

function readViews(text: string | undefined): SavedView[] {
  try {
    return storedViews.parse(JSON.parse(text ?? '[]'));
  } catch {
    return [];
  }
}

const parts = ['list', 'q', 'external', 'active', 'valid', 'order', 'view'] as const;

/** Whether the address shows what the view does. */
export function isShown(view: SavedView, search: DossierSearch): boolean {
  return parts.every((part) => view.search[part] === search[part]);
}
