import type { english } from '../en/texts.ts';
import type { Translation } from '../texts.types.ts';
import { common } from './common.ts';
import { overview } from './overview.ts';
import { shell } from './shell.ts';

/** All Russian texts. */
export const russian: Translation<typeof english> = { common, shell, overview };
