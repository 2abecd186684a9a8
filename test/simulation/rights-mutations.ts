import type { Mutation } from './mutations.ts';

/** Planted bugs that the campaign of rights has to find. */
export const rightsMutations: Readonly<Record<string, Mutation>> = {
  'ungranted-told': {
    description: 'a site is answered about lists that it was not granted',
    replacements: [
      { in: { file: 'apps/api/src/routes/feed.ts' }, text: 'return lists === null || lists.includes(list);', by: 'return list > 0;' },
    ],
  },
  'revoked-told': {
    description: 'a revoked site is answered as before',
    replacements: [
      {
        in: { file: 'apps/api/src/routes/feed-admission.ts' },
        text: `if (site.state === 'revoked') return 'SITE_REVOKED';`,
        by: '',
      },
    ],
  },
  'still-shown': {
    description: 'a list that was withdrawn goes on to be shown',
    replacements: [{ in: { file: 'packages/replication/src/withdrawal.ts' }, text: 'await emptyList(tx, listId);', by: '' }],
  },
  'branch-silent': {
    description: 'a branch serves an empty list where its own copy was withdrawn',
    replacements: [
      { in: { file: 'apps/api/src/routes/feed-refusals.ts' }, text: 'return head.withdrawn !== null;', by: 'return head.listId < 0;' },
    ],
  },
};
