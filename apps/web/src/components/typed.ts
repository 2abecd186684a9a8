import { shownText } from '@dossier/domain/shown-text.ts';

const plain = (text: string): string => text.normalize('NFC').trim().replaceAll(/\s+/gu, ' ');

/** Whether somebody has typed a name, as it is or as it is shown; spaces at its ends and their number don't count. */
export function isTyped(text: string, name: string): boolean {
  return plain(text) === plain(name) || plain(text) === plain(shownText(name));
}
