import { createTheme } from '@mantine/core';
import type { CSSVariablesResolver } from '@mantine/core';

/** Sober, dense enough for tables, and readable in a dark control room: contrasts hold WCAG AA in both schemes. */
export const theme = createTheme({
  primaryColor: 'steel',
  primaryShade: { light: 7, dark: 7 },
  colors: {
    steel: ['#eef5fb', '#d9e7f3', '#b1cee7', '#85b3da', '#609dd0', '#4a8fca', '#2f77b3', '#1f5f96', '#1d4f7c', '#123a5d'],
  },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace',
  defaultRadius: 'md',
  autoContrast: true,
  respectReducedMotion: true,
  cursorType: 'pointer',
  headings: { fontWeight: '650' },
  components: {
    Drawer: { defaultProps: { attributes: { header: { role: 'presentation' } } }, styles: { title: { fontSize: 20, fontWeight: 650 } } },
    Modal: {
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.5 }, attributes: { header: { role: 'presentation' } } },
      styles: { title: { fontSize: 18, fontWeight: 650 } },
    },
  },
});

/** Mantine's own are too pale for small text on its own backgrounds. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: { '--mantine-color-dimmed': '#56606b', '--mantine-color-anchor': '#1f5f96', '--mantine-color-error': '#b42323' },
  dark: { '--mantine-color-dimmed': '#a3adb8', '--mantine-color-anchor': '#85b3da', '--mantine-color-error': '#ff9a9a' },
});
