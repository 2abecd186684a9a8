import { bin } from './bin.ts';
import { audit, settings, tokens, users, webhooks } from './administration.ts';
import { bulk } from './bulk.ts';
import { views } from './desk.ts';
import { dossiers } from './dossiers.ts';
import { duplicates } from './duplicates.ts';
import { card, exports, imports } from './exchange.ts';
import { fields } from './fields.ts';
import { conflict, drafts, history } from './history.ts';
import { photos } from './photos.ts';
import { deadLetters, offlineDeletions, replication } from './replication.ts';
import { siteHealth } from './site-health.ts';
import { sites } from './sites.ts';
import { watchLists } from './watch-lists.ts';
import { first } from './first.ts';

/** All English texts that the first page may need. The others are held to have the same keys. */
export const english = {
  ...first,
  siteHealth,
  watchLists,
  dossiers,
  bin,
  bulk,
  views,
  duplicates,
  fields,
  history,
  conflict,
  drafts,
  photos,
  imports,
  exports,
  card,
  replication,
  sites,
  deadLetters,
  offlineDeletions,
  users,
  tokens,
  audit,
  settings,
  webhooks,
};
