import { useState } from 'react';
import type { Tagged } from '../api/tagged.ts';
import { contestsOf, isOvertaken, mergedOf } from './contests.ts';
import type { Conflict, Contest, Fields } from './contests.ts';

interface Sides<Thing> {
  /** What people edit of it. */
  readonly fieldsOf: (thing: Thing) => Fields;
  /** The thing as it is now, and who changed it last. Throws Problem. */
  readonly readTheirs: (thing: Thing) => Promise<Pick<Conflict<Thing>, 'theirs' | 'deed'>>;
}

/** For a form whose change is refused when somebody else was faster: the other version, and what is chosen of both. */
export function useConflict<Thing>({ fieldsOf, readTheirs }: Sides<Thing>) {
  const [conflict, setConflict] = useState<Conflict<Thing> | null>(null);
  return {
    conflict,
    undecided: conflict?.contests.some((contest) => contest.chosen === null) === true,
    decide(contests: readonly Contest[]): void {
      setConflict((before) => before && { ...before, contests });
    },
    /** Reads the other version, if that is why a change was refused. Where it can't be read, the refusal stays on view. */
    async meet(problem: Error, base: Tagged<Thing>, yours: Fields): Promise<void> {
      if (!isOvertaken(problem)) return;
      const { theirs, deed } = await readTheirs(base.value);
      setConflict({ theirs, deed, contests: contestsOf(fieldsOf(base.value), yours, fieldsOf(theirs.value)) });
    },
    /** What was chosen, and the state that it is to be saved over; the conflict is over then. */
    settle({ theirs, contests }: Conflict<Thing>): { base: Tagged<Thing>; merged: Thing } {
      setConflict(null);
      return { base: theirs, merged: { ...theirs.value, ...mergedOf(fieldsOf(theirs.value), contests) } };
    },
  };
}
