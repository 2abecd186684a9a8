import { Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useRuns } from '../../api/links.ts';
import { Loaded } from '../../components/loaded.tsx';
import { RunChart } from './run-chart.tsx';
import { RunTable } from './run-table.tsx';

/** The last syncs of a link, as a chart and one by one. */
export function History({ list }: { list: number }) {
  const { t } = useTranslation();
  const runs = useRuns(list);
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        {t('replication.history.title')}
      </Title>
      <Loaded query={runs}>
        {(found) =>
          found.length === 0 ? (
            <Text c="dimmed">{t('overview.noRuns')}</Text>
          ) : (
            <>
              {found.length > 1 && <RunChart runs={found} />}
              <RunTable list={list} runs={found} />
            </>
          )
        }
      </Loaded>
    </Stack>
  );
}
