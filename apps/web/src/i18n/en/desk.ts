/** Of working at the desk by keys, views and orders. */
export const sorting = {
  none: 'Sort by this column',
  ascending: 'Ascending; choose again for descending',
  descending: 'Descending; choose again for the usual order',
  ranked: 'best first',
};

export const views = {
  open: 'Views',
  note: 'Filters, order and view as they are now, kept in this browser for you.',
  none: 'None yet. Set filters, then save them under a name.',
  name: 'Name of the view',
  save: 'Save this view',
  saved: 'The view “{{name}}” is saved.',
  rename: 'Rename the view {{name}}',
  newName: 'New name of {{name}}',
  remove: 'Remove the view {{name}}',
  removed: 'The view “{{name}}” is removed.',
  taken: 'A view of this name is there already.',
  replace: 'Replace this view',
};

export const palette = {
  open: 'Go to…',
  title: 'Go to a page, a list or a person',
  input: 'Page, watch list or person',
  pages: 'Pages',
  lists: 'Watch lists',
  people: 'People',
  more_one: '{{count, number}} more list: write more of its name',
  more_other: '{{count, number}} more lists: write more of the name',
  nothing: 'Nothing of this name',
  searching: 'Looking for people…',
  failed: 'People could not be looked for: {{reason}}',
  all: 'All who are found by “{{text}}”',
  inList: 'in {{list}}',
};

export const hotkeys = {
  title: 'Keys',
  text: 'They do nothing while you type in a field, but for {{palette}}.',
  or: 'or',
  search: 'Search box of the page',
  palette: 'Go to a page, a list or a person',
  help: 'These keys',
  dossier: 'In an open dossier',
  previous: 'Previous dossier',
  next: 'Next dossier',
  close: 'Close',
  table: 'In the table of dossiers',
  selectAll: 'Select all that are loaded',
  move: 'From box to box; with Shift selecting what is passed',
  anywhere: 'On every page',
};
