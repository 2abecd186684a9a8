import { Kbd, Stack, Text, Title } from '@mantine/core';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../components/dialog.tsx';
import { shownPaletteKey, shownSelectKey } from './hotkeys.ts';

const groups = [
  {
    where: 'anywhere',
    keys: [
      { what: 'search', keys: ['/'] },
      { what: 'palette', keys: [shownPaletteKey] },
      { what: 'help', keys: ['?'] },
    ],
  },
  {
    where: 'table',
    keys: [
      { what: 'selectAll', keys: [shownSelectKey] },
      { what: 'move', keys: ['↑', '↓'] },
    ],
  },
  {
    where: 'dossier',
    keys: [
      { what: 'next', keys: ['J', '→'] },
      { what: 'previous', keys: ['K', '←'] },
      { what: 'close', keys: ['Esc'] },
    ],
  },
] as const;

/** Which keys do what. */
export function HotkeyHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t('hotkeys.title')} onClose={onClose}>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {t('hotkeys.text', { palette: shownPaletteKey })}
        </Text>
        {groups.map(({ where, keys: rows }) => (
          <section key={where}>
            <Title order={3} size="h5" mb={6}>
              {t(`hotkeys.${where}`)}
            </Title>
            <dl className="facts">
              {rows.map(({ what, keys }) => (
                <div key={what} className="fact">
                  <dt>
                    {keys.map((key, index) => (
                      <Fragment key={key}>
                        {index > 0 && ` ${t('hotkeys.or')} `}
                        <Kbd>{key}</Kbd>
                      </Fragment>
                    ))}
                  </dt>
                  <dd>{t(`hotkeys.${what}`)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </Stack>
    </Dialog>
  );
}
