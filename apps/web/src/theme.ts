import { createTheme } from '@mantine/core';
import type { CSSVariablesResolver } from '@mantine/core';

/** A long name is broken, and cut after three lines, before it pushes the button that closes out of sight. */
const longTitle = {
  minWidth: 0,
  overflow: 'hidden',
  overflowWrap: 'anywhere',
  display: '-webkit-box',
  WebkitBoxOrient: 'vertical',
  WebkitLineClamp: 3,
} as const;

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
    Drawer: {
      defaultProps: { attributes: { header: { role: 'presentation' } } },
      styles: { title: { ...longTitle, fontSize: 20, fontWeight: 650 }, close: { flexShrink: 0 } },
    },
    Modal: {
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.5 }, attributes: { header: { role: 'presentation' } } },
      styles: { title: { ...longTitle, fontSize: 18, fontWeight: 650 }, close: { flexShrink: 0 } },
    },
  },
});

/** Calm enough for a dark control room; Mantine's own are as bright as a lamp. */
const darkAlerts = {
  '--mantine-color-red-light': '#3a1f22',
  '--mantine-color-red-light-color': '#ffb3b3',
  '--mantine-color-yellow-light': '#352a12',
  '--mantine-color-yellow-light-color': '#ffd98a',
  '--mantine-color-green-light': '#14301f',
  '--mantine-color-green-light-color': '#a6e9c0',
};

const lightAlerts = {
  '--mantine-color-red-light-color': '#9c1c1c',
  '--mantine-color-yellow-light-color': '#754800',
  '--mantine-color-green-light-color': '#14603a',
};

/** Mantine's own are too pale for small text on its own backgrounds. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: { '--mantine-color-dimmed': '#56606b', '--mantine-color-anchor': '#1f5f96', '--mantine-color-error': '#b42323', ...lightAlerts },
  dark: { '--mantine-color-dimmed': '#a3adb8', '--mantine-color-anchor': '#85b3da', '--mantine-color-error': '#ff9a9a', ...darkAlerts },
});
