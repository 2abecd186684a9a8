import type { MouseEvent } from 'react';

/** What has a meaning of its own when it is clicked. */
const ownMeaning = 'a, button, input, select, textarea, label, summary, [role="menu"], [role="menuitem"], [role="dialog"]';

/** A click anywhere in a row opens what its marked link (`data-opens`) opens; with the mouse alone, as the link is there for keys. */
export function openRow(event: MouseEvent<HTMLTableRowElement>): void {
  if (!(event.target instanceof Element) || !event.currentTarget.contains(event.target)) return;
  if (event.target.closest(ownMeaning) !== null) return;
  // Who has marked text wants to copy it.
  if (window.getSelection()?.toString() !== '') return;
  event.currentTarget.querySelector<HTMLAnchorElement>('a[data-opens]')?.click();
}
