import { createContext, useCallback, useContext, useLayoutEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';

interface Stack {
  /** The place of a layer, above all that took theirs before. */
  readonly takePlace: () => number;
  /** Puts a layer there; returns how to take it away. */
  readonly lay: (place: number) => () => void;
  readonly top: number;
}

const Layers = createContext<Stack>({ takePlace: () => 0, lay: () => () => {}, top: 0 });

/** Holds what lies on what, wherever in the page it was opened. */
export function LayerStack({ children }: { children: ReactNode }) {
  const [takePlace] = useState(counter);
  const [places, setPlaces] = useState<readonly number[]>([]);
  const lay = useCallback((place: number) => {
    setPlaces((before) => [...before, place]);
    return () => setPlaces((before) => before.filter((other) => other !== place));
  }, []);
  const top = Math.max(0, ...places);
  const stack = useMemo(() => ({ takePlace, lay, top }), [takePlace, lay, top]);
  return <Layers value={stack}>{children}</Layers>;
}

function counter(): () => number {
  let last = 0;
  return () => ++last;
}

/** A dialog or drawer that others may be opened from, or over. Escape is of the topmost alone. */
export function Layer({ children }: { children: (isOnTop: boolean) => ReactNode }) {
  const { takePlace, lay, top } = useContext(Layers);
  const [place] = useState(takePlace);
  // At once with what is seen: Escape is of the next one as soon as the topmost is gone.
  useLayoutEffect(() => lay(place), [lay, place]);
  return children(place >= top);
}
