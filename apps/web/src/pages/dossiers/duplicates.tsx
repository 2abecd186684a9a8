import { Alert, Anchor, Group, Stack, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Duplicate } from '@dossier/protocol/duplicates.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { Name } from '../../components/name.tsx';
import { Face } from './face.tsx';

const kinds = { photo: 'photoOf', name: 'same', 'similar-name': 'similar' } as const;

/** Warns of dossiers that may be of the same person, each with its face, to be opened beside what is being written. */
export function Duplicates({ found, title }: { found: readonly Duplicate[]; title: string }) {
  const { t } = useTranslation();
  const { data: lists = [] } = useWatchLists();
  const nameOf = (id: number): string => lists.find((list) => list.id === id)?.name ?? String(id);
  return (
    <div role="status">
      {found.length > 0 && (
        <Alert color="yellow" icon={<IconUsers aria-hidden />} title={title} p="sm">
          <Stack gap={6}>
            {found.map((duplicate) => (
              <Group key={duplicate.id} gap={0} wrap="nowrap">
                <Face dossier={duplicate} />
                <Text size="sm" className="wrap">
                  <Anchor
                    size="sm"
                    underline="always"
                    aria-label={t('duplicates.open', { name: duplicate.name })}
                    renderRoot={(props) => <Link {...props} to="/dossiers" search={{ open: duplicate.id }} target="_blank" />}
                  >
                    <Name>{duplicate.name}</Name>
                  </Anchor>{' '}
                  · {t(`duplicates.${kinds[duplicate.alike]}`)} · {duplicate.dossier_lists.map(nameOf).join(', ')}
                </Text>
              </Group>
            ))}
          </Stack>
        </Alert>
      )}
    </div>
  );
}
