import { Button, List, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { HistoryEntry } from '@dossier/protocol/history.ts';
import { useRunHistory } from '../../api/history.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { PersonChanges } from '../../components/person-changes.tsx';

/** What a sync did to each dossier, as far as that is kept. */
export function RunChangesDialog({ list, run, onClose }: { list: number; run: number; onClose: () => void }) {
  const { t } = useTranslation();
  const pages = useRunHistory({ list, run });
  return (
    <Dialog title={t('history.runTitle', { run })} size="lg" onClose={onClose}>
      <Loaded query={pages}>
        {(data) => (
          <List size="sm" aria-label={t('history.runTitle', { run })}>
            {data.pages.flatMap((page) => page.results.map((entry) => <Entry key={entry.id} entry={entry} />))}
          </List>
        )}
      </Loaded>
      {pages.hasNextPage && (
        <Button size="xs" variant="default" mt="sm" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
    </Dialog>
  );
}

function Entry({ entry }: { entry: HistoryEntry }) {
  const { t } = useTranslation();
  const kind = t(`history.kinds.${entry.kind}`);
  if (entry.kind === 'many') {
    return (
      <List.Item>
        {kind}: {t('history.many', { count: entry.dossiers ?? 0 })}
      </List.Item>
    );
  }
  const { name, external_id: external } = { ...entry.before, ...entry.after };
  const known = typeof name === 'string' ? name : `${entry.dossier ?? ''}`;
  return (
    <>
      <Text component="li" size="xs" c="dimmed" style={{ listStyle: 'none' }}>
        {kind}
      </Text>
      <PersonChanges
        id={entry.dossier}
        name={entry.name ?? known}
        external={typeof external === 'string' ? external : null}
        before={entry.before}
        after={entry.after}
      />
    </>
  );
}
