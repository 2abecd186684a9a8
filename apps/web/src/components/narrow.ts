import { useMediaQuery } from '@mantine/hooks';

/** Whether the screen is a phone's; the stylesheets, and what is `visibleFrom` there, say so by the same width. */
export function useNarrow(): boolean {
  return useMediaQuery('(max-width: 47.99em)', false, { getInitialValueInEffect: false });
}
