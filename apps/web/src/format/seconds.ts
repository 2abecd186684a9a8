import { useSyncExternalStore } from 'react';

const memory = 'dossier-seconds';
const listeners = new Set<() => void>();
let wanted: boolean | undefined;

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function isWanted(): boolean {
  wanted ??= localStorage.getItem(memory) === 'true';
  return wanted;
}

function choose(seconds: boolean): void {
  wanted = seconds;
  try {
    localStorage.setItem(memory, String(seconds));
  } catch {
    // Full, or switched off: then it lasts as long as the page.
  }
  for (const tell of listeners) tell();
}

/** Whether the person wants to see the seconds of times, and how to choose that; kept in this browser. */
export function useSeconds(): [seconds: boolean, choose: (seconds: boolean) => void] {
  return [useSyncExternalStore(listen, isWanted), choose];
}
