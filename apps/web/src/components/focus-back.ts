import { useEffect, useState } from 'react';

/** Where the focus was, or the button whose menu led here, as items of menus are gone by then. */
function originOf(element: Element | null): HTMLElement | null {
  const menu = element?.closest('[role="menu"]');
  const button = menu?.getAttribute('aria-labelledby');
  const origin = button ? document.getElementById(button) : element;
  return origin instanceof HTMLElement && origin !== document.body ? origin : null;
}

/** Puts the focus back where it was when what uses this goes away. */
export function useFocusBack(): void {
  const [origin] = useState(() => originOf(document.activeElement));
  useEffect(
    () => () => {
      // The dialog gives the focus up only when it is gone.
      window.setTimeout(() => {
        if (origin?.isConnected === true) origin.focus();
      }, 0);
    },
    [origin],
  );
}
