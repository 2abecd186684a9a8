import { account } from './account.ts';
import { common } from './common.ts';
import { hotkeys, palette, sorting } from './desk.ts';
import { overview } from './overview.ts';
import { secondFactor } from './second-factor.ts';
import { shell } from './shell.ts';

/** The English texts of the sign-in, of what is around every page, and of the first one: what is loaded before anything is seen. */
export const first = { account, common, hotkeys, overview, palette, secondFactor, shell, sorting };
