import { Anchor, Button, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { Link as RouterLink } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { ListName } from '../../components/list-name.tsx';
import { ReplicaMark } from '../../components/replica-mark.tsx';

const shownAtFirst = 24;

/** Lists with their sizes; beside a copy, how it is. */
export function OwnLists({ title, lists }: { title: string; lists: readonly WatchList[] }) {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        {title}
      </Title>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3, xl: 4 }} component="ul" p={0} m={0}>
        {(all ? lists : lists.slice(0, shownAtFirst)).map((list) => (
          <Card key={list.id} withBorder component="li" padding="sm" style={{ listStyle: 'none' }}>
            <Group justify="space-between" wrap="nowrap" align="flex-start">
              <Anchor renderRoot={(props) => <RouterLink {...props} to="/dossiers" search={{ list: list.id }} />} c="inherit" fw={600}>
                <ListName name={list.name} color={list.color} />
              </Anchor>
              <Text size="sm" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
                {t('common.dossiers', { count: list.dossier_count })}
              </Text>
            </Group>
            <ReplicaMark list={list} />
          </Card>
        ))}
      </SimpleGrid>
      {!all && lists.length > shownAtFirst && (
        <Button variant="default" onClick={() => setAll(true)}>
          {t('overview.showAll', { count: lists.length })}
        </Button>
      )}
    </Stack>
  );
}
