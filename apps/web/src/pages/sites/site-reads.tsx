import { Anchor, List, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { useFound } from '../../components/found-rows.tsx';
import { Name } from '../../components/name.tsx';

/** The lists that a site may read. */
export function SiteReads({ site }: { site: Site }) {
  const { t } = useTranslation();
  if (site.state === 'revoked') return <Text size="sm">{t('sites.reads.revoked')}</Text>;
  if (site.state === 'accepted') return <Reads lists={site.lists} />;
  return (
    <Stack gap="xs">
      <Text size="sm">{t('sites.reads.later')}</Text>
      <Reads lists={site.lists} />
    </Stack>
  );
}

function Reads({ lists }: Pick<Site, 'lists'>) {
  const { t } = useTranslation();
  if (lists === null) return <Text size="sm">{t('sites.reads.all')}</Text>;
  if (lists.length === 0) return <Text size="sm">{t('sites.reads.none')}</Text>;
  return <Granted lists={lists} />;
}

function Granted({ lists }: { lists: readonly number[] }) {
  const { t } = useTranslation();
  const known = useWatchLists();
  const names = new Map(known.data?.map(({ id, name }) => [id, name]));
  const rows = lists.map((id) => ({ id, name: names.get(id) ?? null }));
  const { shown, box, more } = useFound(rows, ({ id, name }) => name ?? String(id), 'reads');
  if (known.data === undefined) return null;
  return (
    <Stack gap="sm">
      {box}
      <List size="sm" spacing={4}>
        {shown.map(({ id, name }) => (
          <List.Item key={id}>
            {name === null ? (
              t('sites.reads.gone', { id })
            ) : (
              <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/dossiers" search={{ list: id }} />}>
                <Name>{name}</Name>
              </Anchor>
            )}
          </List.Item>
        ))}
      </List>
      {more}
    </Stack>
  );
}
