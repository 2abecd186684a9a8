/** Another text in the place of one that is there exactly once. */
export interface Replacement {
  /** A file of the product, from its top folder, or a function of its database. */
  in: { file: string } | { function: string };
  text: string;
  by: string;
}

/** A planted bug, which the campaign has to find: put in from outside, so that the product has no switch for it. */
export interface Mutation {
  description: string;
  replacements: readonly Replacement[];
}

const replication = 'packages/replication/src';

export const mutations: Readonly<Record<string, Mutation>> = {
  'sequence-cursor': {
    description: 'revisions are drawn before the list is locked, so they come in another order than the commits',
    replacements: [
      {
        in: { function: 'draw_by_hand' },
        text: 'perform from list_positions where set_id = of_set for no key update;',
        by: 'perform from list_positions where set_id = of_set;',
      },
      {
        in: { function: 'book' },
        text: 'revision = head, digest = null',
        by: 'revision = greatest(revision, head), digest = null',
      },
      { in: { function: 'book' }, text: 'where list_id = of_list and revision < head;', by: 'where list_id = of_list;' },
    ],
  },
  'no-digest-check': {
    description: 'a run is applied without comparing the digest of the rows with the master’s',
    replacements: [
      {
        in: { file: `${replication}/standing.ts` },
        text: 'if (found.count === target.count && found.digest === target.digest) return;',
        by: 'if (found.count >= 0) return;',
      },
    ],
  },
  'no-fence': {
    description: 'a worker whose run was taken by another one goes on as if it were its own',
    replacements: [
      {
        in: { file: `${replication}/fence.ts` },
        text: 'if (link?.fence !== taken.fence) throw new FencedError();',
        by: 'if (!link) throw new FencedError();',
      },
      {
        in: { file: `${replication}/apply.ts` },
        text: 'if (link?.fence !== fence) throw new FencedError();',
        by: 'if (!link) throw new FencedError();',
      },
    ],
  },
  'no-hash-check': {
    description: 'a row is taken whose hash isn’t the one of its content',
    replacements: [
      {
        in: { file: `${replication}/row-check.ts` },
        text: 'return this.#bearsItsHash() ? null',
        by: 'return this.#bearsItsHash() || true ? null',
      },
    ],
  },
  undeclared: {
    description: 'a list of which only what it declares has changed is called unchanged',
    replacements: [
      {
        in: { file: `${replication}/sync-run.ts` },
        text: 'const isDeclared = link.declaration_hash === head.declaration_hash;',
        by: 'const isDeclared = true;',
      },
    ],
  },
  'stale-digest': {
    description: 'who asks for a digest that isn’t known computes it without the lock, from rows that others are changing',
    replacements: [
      {
        in: { function: 'settle_digest' },
        text: 'where list_id = of_list for no key update;',
        by: 'where list_id = of_list;',
      },
    ],
  },
  'believed-date': {
    description: 'a link whose last night was noted by a clock that was ahead waits for that date',
    replacements: [
      {
        in: { file: 'packages/domain/src/schedule.ts' },
        text: 'return noted !== null && noted <= today ? noted : null;',
        by: 'return noted;',
      },
    ],
  },
  'age-by-clock': {
    description: 'what is deleted by age is as old as the clock says',
    replacements: [
      {
        in: { function: 'age_moment' },
        text: 'select least(age_moment, now()) from clock',
        by: 'select now() from clock',
      },
    ],
  },
  'unverified-set': {
    description: 'a list is pointed at a set that was filled without comparing the digest of its rows with the master’s',
    replacements: [
      {
        in: { file: `${replication}/apply.ts` },
        text: 'if (newSet !== null) await requireTarget(tx, { listId, setId: newSet }, target);',
        by: '',
      },
    ],
  },
};
