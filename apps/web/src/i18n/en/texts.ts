import { common } from './common.ts';
import { overview } from './overview.ts';
import { shell } from './shell.ts';

/** All English texts. The others are held to have the same keys. */
export const english = { common, shell, overview };
