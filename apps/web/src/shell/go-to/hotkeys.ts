import { isTyping, letterOf } from '../../components/typing.ts';

export type Hotkey = 'palette' | 'search' | 'help';

/** As it stands on the keyboard of this machine. */
const control = /mac|iphone|ipad/i.test(navigator.platform) ? '⌘' : 'Ctrl';
export const shownPaletteKey = `${control} K`;
export const shownSelectKey = `${control} A`;

const isForPage = (event: KeyboardEvent): boolean => !event.defaultPrevented && !event.altKey && !event.isComposing;

/** Whether it is the key of the palette. */
export function isPaletteKey(event: KeyboardEvent): boolean {
  return isForPage(event) && (event.ctrlKey || event.metaKey) && !event.shiftKey && letterOf(event) === 'k';
}

/** What a key asks for; null for one that is for what has the focus, or for the browser. */
export function hotkeyOf(event: KeyboardEvent): Hotkey | null {
  if (!isForPage(event)) return null;
  // A dialog may hold what isn't saved yet; the drawer of a dossier may be left.
  if (document.querySelector('.mantine-Modal-content') !== null) return null;
  const { key, code, shiftKey } = event;
  if (event.ctrlKey || event.metaKey) return isPaletteKey(event) ? 'palette' : null;
  if (isTyping(event.target) || document.querySelector('[role="dialog"][aria-modal="true"]') !== null) return null;
  // In the Russian layout the key of the slash has the full stop and the comma.
  if (key === '/' || (key === '.' && code === 'Slash')) return 'search';
  return key === '?' || (key === ',' && code === 'Slash' && shiftKey) ? 'help' : null;
}
