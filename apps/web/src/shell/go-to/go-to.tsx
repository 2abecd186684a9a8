import { ActionIcon } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useEffectEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { hotkeyOf, shownPaletteKey } from './hotkeys.ts';
import type { PageEntry } from '../navigation.tsx';

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }));
const HotkeyHelp = lazy(async () => ({ default: (await import('./hotkey-help.tsx')).HotkeyHelp }));

/** The way by keys: to the search box of the page, to any page, list or person, and to what keys there are. */
export function GoTo({ pages }: { pages: readonly PageEntry[] }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState<'palette' | 'help' | null>(null);
  const origin = useRef<Element | null>(null);
  const open = (what: 'palette' | 'help'): void => {
    origin.current = document.activeElement;
    setOpened(what);
  };
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
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
  const close = (chosen: boolean): void => {
    const back = chosen ? document.querySelector('#content') : origin.current;
    setOpened(null);
    // The dialog gives the focus up only when it is gone.
    if (back instanceof HTMLElement) window.setTimeout(() => document.activeElement === document.body && back.focus(), 0);
  };
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
        {opened === 'palette' && <Palette pages={pages} onClose={close} />}
        {opened === 'help' && <HotkeyHelp onClose={() => close(false)} />}
      </Suspense>
    </>
  );
}

/** The first box of the page that searches and is to be seen. */
function searchBox(): HTMLInputElement | undefined {
  return [...document.querySelectorAll<HTMLInputElement>('main input[type="search"]')].find((box) => box.offsetParent !== null);
}
