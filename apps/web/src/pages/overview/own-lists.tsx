import { Anchor, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { Link as RouterLink } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { ListName } from '../../components/list-name.tsx';

/** The lists of which this node keeps the originals. */
export function OwnLists({ lists }: { lists: readonly WatchList[] }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        {t('overview.lists')}
      </Title>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3, xl: 4 }} component="ul" p={0} m={0}>
        {lists.map((list) => (
          <Card key={list.id} withBorder component="li" padding="sm" style={{ listStyle: 'none' }}>
            <Group justify="space-between" wrap="nowrap" align="flex-start">
              <Anchor renderRoot={(props) => <RouterLink {...props} to="/dossiers" search={{ list: list.id }} />} c="inherit" fw={600}>
                <ListName name={list.name} color={list.color} />
              </Anchor>
              <Text size="sm" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
                {t('common.dossiers', { count: list.dossier_count })}
              </Text>
            </Group>
          </Card>
        ))}
      </SimpleGrid>
    </Stack>
  );
}
