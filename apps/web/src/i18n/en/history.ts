export const history = {
  title: 'History',
  none: 'Nothing is kept of what became of this dossier: it was written before histories were kept, or past the system.',
  nothingMore: 'Nothing that is shown here.',
  before: 'before',
  after: 'after',
  empty: 'empty',
  photoGone: 'Photo {{address}}, no longer here',
  photo: 'Photo',
  from: 'from {{address}}',
  deeds: {
    made: '{{who}} made it',
    changed: '{{who}} changed it',
    removed: '{{who}} deleted it',
    imported: '{{who}} imported it',
    importedChange: '{{who}} changed it by an import',
    importedMany_one: '{{who}} imported {{count, number}} dossier of “{{list}}”: too many to keep each, this one may be among them',
    importedMany_other: '{{who}} imported {{count, number}} dossiers of “{{list}}”: too many to keep each, this one may be among them',
    syncMade: 'Sync {{run}} brought it from {{master}}',
    syncChanged: 'Sync {{run}} changed it, from {{master}}',
    syncRemoved: 'Sync {{run}} removed it, as on {{master}}',
    syncMany_one: 'Sync {{run}} wrote {{count, number}} dossier of “{{list}}” from {{master}}, this one perhaps among them',
    syncMany_other: 'Sync {{run}} wrote {{count, number}} dossiers of “{{list}}” from {{master}}, this one perhaps among them',
  },
  /** Of one dossier of a run. */
  kinds: { made: 'Added', changed: 'Changed', removed: 'Removed', many: 'Written' },
  many_one: '{{count, number}} dossier at once; what became of each is not kept.',
  many_other: '{{count, number}} dossiers at once; what became of each is not kept.',
  show: 'What it changed',
  runTitle: 'What sync {{run}} changed',
  open: 'Open {{name}}',
  fields: {
    name: 'Name',
    comment: 'Comment',
    active: 'Active',
    valid_from: 'Valid from',
    valid_until: 'Valid until',
    external_id: 'External id',
    dossier_lists: 'Watch lists',
    photos: 'Photos',
    color: 'Colour',
    log_reads: 'Log who looks at whom',
    require_match: 'Only who has seen the newest state may change it',
  },
};

export const conflict = {
  title: 'Somebody else changed this meanwhile',
  by: 'Changed by {{who}} {{when}}.',
  bySomebody: 'Changed by somebody else {{when}}.',
  text: 'Nothing of yours is saved yet, and nothing is lost. Choose for each field which version is to stay, then save.',
  yours: 'Yours',
  theirs: 'Saved now',
};

export const drafts = {
  kept: 'What you wrote is still here: from {{when}}.',
  discard: 'Discard it',
};
