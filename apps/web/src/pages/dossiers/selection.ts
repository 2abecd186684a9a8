import { useState } from 'react';
import type { DossierCount } from '@dossier/protocol/bulk.ts';
import type { Dossier } from '@dossier/protocol/dossier.ts';

/** Dossiers that somebody chose: one by one, or all that the filter finds. */
export interface Selection {
  /** When each was last changed, as it was seen, by its number. */
  readonly chosen: ReadonlyMap<number, string>;
  /** All that the filter found, instead. */
  readonly found: DossierCount | null;
  readonly has: (dossier: Dossier) => boolean;
  /** How many there are. */
  readonly count: number;
  /** Chooses the dossier of this place or takes it away; with `range` as all between it and the last place that was chosen or taken away. */
  readonly toggle: (place: number, options: { range: boolean }) => void;
  /** Chooses from the last place that was chosen up to this one, and makes this one the last. */
  readonly extend: (place: number) => void;
  readonly chooseLoaded: () => void;
  readonly chooseFound: (found: DossierCount) => void;
  readonly clear: () => void;
}

interface Choice {
  /** The filter and order under which it was made: it isn't one of another search. */
  readonly scope: string;
  readonly chosen: ReadonlyMap<number, string>;
  readonly found: DossierCount | null;
  readonly anchor: number | null;
}

const noneIn = (scope: string): Choice => ({ scope, chosen: new Map(), found: null, anchor: null });

/** What is chosen of the dossiers that are loaded; empty again as soon as something else is searched for. */
export function useSelection(dossiers: readonly Dossier[], scope: string): Selection {
  const [kept, setChoice] = useState(() => noneIn(scope));
  const choice = kept.scope === scope ? kept : noneIn(scope);
  const change = (from: number, to: number, wanted: boolean): void => {
    // Of all that were found those stay chosen that are loaded: nobody else can be taken away one by one.
    const chosen = new Map(choice.found === null ? choice.chosen : dossiers.map(({ id, modified_date: date }) => [id, date]));
    for (const { id, modified_date: date } of dossiers.slice(Math.min(from, to), Math.max(from, to) + 1)) {
      if (wanted) chosen.set(id, date);
      else chosen.delete(id);
    }
    setChoice({ scope, chosen, found: null, anchor: to });
  };
  return {
    chosen: choice.chosen,
    found: choice.found,
    has: ({ id }) => choice.found !== null || choice.chosen.has(id),
    count: choice.found?.count ?? choice.chosen.size,
    toggle(place, { range }) {
      const dossier = dossiers[place];
      if (dossier !== undefined)
        change(range ? (choice.anchor ?? place) : place, place, choice.found === null && !choice.chosen.has(dossier.id));
    },
    extend: (place) => change(choice.anchor ?? place, place, true),
    chooseLoaded: () => change(0, dossiers.length - 1, true),
    chooseFound: (found) => setChoice({ scope, chosen: new Map(), found, anchor: null }),
    clear: () => setChoice(noneIn(scope)),
  };
}
