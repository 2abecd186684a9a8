import { useMediaQuery } from '@mantine/hooks';

/** Whether the screen is a phone's; the stylesheets say so by the same width. */
export function useNarrow(): boolean {
  return useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false });
}
