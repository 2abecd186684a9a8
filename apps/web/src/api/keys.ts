/** The keys under which answers are kept; a shorter key stands for all that begin with it. */
export const keys = {
  session: ['session'],
  node: ['node'],
  watchLists: ['watch-lists'],
  dossiers: ['dossiers'],
  dossierPages: (filter: object) => ['dossiers', 'pages', filter],
  dossier: (id: number) => ['dossiers', 'one', id],
  dossierDeletion: (id: number) => ['dossiers', 'deletion', id],
  firstPhoto: (dossier: number) => ['photos', dossier, 'first'],
  photos: (dossier: number) => ['photos', dossier, 'all'],
  links: ['links'],
  allRuns: ['runs'],
  runs: (list: number) => ['runs', list],
  deadLetters: ['dead-letters'],
  offlineDeletions: ['offline-deletions'],
} as const;
