import { ActionIcon } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useEffectEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { hotkeyOf, isPaletteKey, shownPaletteKey } from './hotkeys.ts';
import type { PageEntry } from '../navigation.tsx';

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }));
/** Which keys do what; loaded when somebody asks. */
export const HotkeyHelp = lazy(async () => ({ default: (await import('./hotkey-help.tsx')).HotkeyHelp }));

/** The way by keys: to the search box of the page, to any page, list or person, and to what keys there are. */
export function GoTo({ pages }: { pages: readonly PageEntry[] }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState<'palette' | 'help' | null>(null);
  const origin = useRef<Element | null>(null);
  const open = (what: 'palette' | 'help'): void => {
    origin.current = document.activeElement;
    setOpened(what);
  };
  const close = async (going?: Promise<void>): Promise<void> => {
    setOpened(null);
    await going;
    // The dialog gives the focus up only when it is gone.
    window.setTimeout(() => {
      const back = going === undefined ? origin.current : pageInFront();
      if (document.activeElement === document.body && back instanceof HTMLElement) back.focus();
    }, 0);
  };
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    // The key that opened it closes it, and isn't left to the browser.
    if (opened === 'palette' && isPaletteKey(event)) {
      event.preventDefault();
      void close();
      return;
    }
    const hotkey = hotkeyOf(event);
    if (hotkey === null) return;
    event.preventDefault();
    if (hotkey === 'search') {
      const box = searchBox();
      if (box === undefined) open('palette');
      else {
        box.focus();
        box.select();
      }
    } else open(hotkey);
  });
  useEffect(() => {
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
  return (
    <>
      <ActionIcon
        variant="default"
        size={30}
        aria-label={t('palette.open')}
        aria-keyshortcuts="Control+K Meta+K"
        title={`${t('palette.open')} (${shownPaletteKey})`}
        onClick={() => open('palette')}
      >
        <IconSearch size={16} aria-hidden />
      </ActionIcon>
      <Suspense>
        {opened === 'palette' && <Palette pages={pages} onClose={(going) => void close(going)} />}
        {opened === 'help' && <HotkeyHelp onClose={() => void close()} />}
      </Suspense>
    </>
  );
}

/** What the person has before them: the drawer that is open, or the page. */
function pageInFront(): Element | null {
  return document.querySelector('[role="dialog"][aria-modal="true"]') ?? document.querySelector('#content');
}

/** The first box of the page that searches and is to be seen. */
function searchBox(): HTMLInputElement | undefined {
  return [...document.querySelectorAll<HTMLInputElement>('main input[type="search"]')].find((box) => box.offsetParent !== null);
}
