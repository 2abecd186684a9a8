/** Of the nodes that read this one's lists, on the first page of a master. */
export const siteHealth = {
  title: 'Sites that replicate from here',
  site: 'Site',
  lists: 'Lists',
  lastSeen: 'Last asked',
  node: 'node {{id}}',
  version: 'version {{version}}',
  moreLists: 'and {{shown}} more',
  allWell_one: 'The one site asked within 26 hours, and lacks nothing but what its next sync brings.',
  allWell_other: 'All {{count, number}} sites asked within 26 hours, and lack nothing but what their next sync brings.',
  summary: {
    silent_one:
      '{{count, number}} site has not asked for more than 26 hours. It still has what it had. See that it is up and reaches this node; if it was taken down, it goes from here 90 days after it asked last.',
    silent_other:
      '{{count, number}} sites have not asked for more than 26 hours. They still have what they had. See that they are up and reach this node; what was taken down goes from here 90 days after it asked last.',
    stuck_one: '{{count, number}} site asks, but has not taken changes that are more than 26 hours old. Look at its own overview.',
    stuck_other: '{{count, number}} sites ask, but have not taken changes that are more than 26 hours old. Look at their own overviews.',
    dropped_one:
      '{{count, number}} site no longer asks for one of its lists. If it should, link the list there again; if not, this goes from here 90 days after it asked for it last.',
    dropped_other:
      '{{count, number}} sites no longer ask for one of their lists. If they should, link the list there again; if not, this goes from here 90 days after they asked for it last.',
    unknown_one: '{{count, number}} site has not said yet what it holds.',
    unknown_other: '{{count, number}} sites have not said yet what they hold.',
  },
  states: {
    silent: 'Silent',
    stuck: 'Does not take changes',
    dropped: 'Does not ask for a list any more',
    unknown: 'Not known before its next sync',
    waiting: 'Waits for its next sync',
    complete: 'Had everything when it last asked',
  },
  since: 'since <time/>',
  changedSince: 'changed here since <time/>',
  at: 'at <time/>',
  noSites: {
    title: 'Nobody replicates these lists yet',
    text: 'Open the web interface of another node, choose “Replicate a list” there, and give this node’s address as that node reaches it, such as',
    token: 'Both nodes need the same SYNC_TOKEN.',
    orHere: 'Or this node is to hold copies of another one’s lists:',
  },
  fresh: {
    title: 'This node is new',
    text: 'It holds no watch list yet. What is it for?',
    textViewer: 'It holds no watch list yet. An administrator makes the first one, or links it to a master’s.',
    master: 'It keeps the originals',
    masterText: 'Make a watch list, and fill it by hand or from a file. Other nodes replicate it then.',
    slave: 'It holds copies',
    slaveText: 'Link watch lists of a master. This page then says whether the copies are right, and since when.',
  },
};
