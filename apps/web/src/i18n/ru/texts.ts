import type { English, Translation } from '../texts.types.ts';
import { account } from './account.ts';
import { bin } from './bin.ts';
import { audit, settings, tokens, users, webhooks } from './administration.ts';
import { bulk } from './bulk.ts';
import { common } from './common.ts';
import { hotkeys, palette, sorting, views } from './desk.ts';
import { dossiers } from './dossiers.ts';
import { duplicates } from './duplicates.ts';
import { card, exports, imports } from './exchange.ts';
import { fields } from './fields.ts';
import { conflict, drafts, history } from './history.ts';
import { overview } from './overview.ts';
import { photos } from './photos.ts';
import { deadLetters, offlineDeletions, replication } from './replication.ts';
import { secondFactor } from './second-factor.ts';
import { shell } from './shell.ts';
import { siteHealth } from './site-health.ts';
import { sites } from './sites.ts';
import { watchLists } from './watch-lists.ts';

/** All Russian texts. */
export const russian: Translation<English> = {
  common,
  shell,
  overview,
  siteHealth,
  watchLists,
  dossiers,
  bin,
  bulk,
  sorting,
  views,
  palette,
  hotkeys,
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
  account,
  secondFactor,
  users,
  tokens,
  audit,
  settings,
  webhooks,
};
