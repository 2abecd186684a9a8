import { createContext, useCallback, useContext, useEffect, useState } from 'react';
import type { ReactNode } from 'react';

/** Tells what is below that something lies on it; returns how to tell that it is gone. */
const Below = createContext<(() => () => void) | null>(null);

/** A dialog or drawer that others may be opened from. Escape is of the topmost alone. */
export function Layer({ children }: { children: (isOnTop: boolean) => ReactNode }) {
  const cover = useContext(Below);
  useEffect(() => cover?.(), [cover]);
  const [above, setAbove] = useState(0);
  const beCovered = useCallback(() => {
    setAbove((count) => count + 1);
    return () => setAbove((count) => count - 1);
  }, []);
  return <Below value={beCovered}>{children(above === 0)}</Below>;
}
