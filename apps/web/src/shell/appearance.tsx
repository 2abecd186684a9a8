import { Group, NativeSelect, useMantineColorScheme } from '@mantine/core';
import type { MantineColorScheme } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useSeconds } from '../format/seconds.ts';
import { chooseLanguage, languages } from '../i18n/texts.ts';
import type { Language } from '../i18n/texts.ts';

const schemes: readonly MantineColorScheme[] = ['auto', 'light', 'dark'];

/** Choice of colours, language and how exact times are, kept in this browser. */
export function Appearance() {
  const { t, i18n } = useTranslation();
  const [seconds, setSeconds] = useSeconds();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Group gap="xs">
      <NativeSelect
        size="xs"
        aria-label={t('shell.theme.label')}
        value={colorScheme}
        onChange={(event) => setColorScheme(event.currentTarget.value as MantineColorScheme)}
        data={schemes.map((value) => ({ value, label: t(`shell.theme.${value}`) }))}
      />
      <NativeSelect
        size="xs"
        aria-label={t('shell.language')}
        value={i18n.language}
        onChange={(event) => void chooseLanguage(event.currentTarget.value as Language)}
        data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
      />
      <NativeSelect
        size="xs"
        aria-label={t('shell.times.label')}
        value={seconds ? 'exact' : 'short'}
        onChange={(event) => setSeconds(event.currentTarget.value === 'exact')}
        data={(['short', 'exact'] as const).map((value) => ({ value, label: t(`shell.times.${value}`) }))}
      />
    </Group>
  );
}
