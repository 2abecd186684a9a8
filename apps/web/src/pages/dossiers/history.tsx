import { Button, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { HistoryEntry } from '@dossier/protocol/history.ts';
import { useHistory } from '../../api/history.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { Changes } from '../../components/changes.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { When } from '../../components/when.tsx';
import classes from './history.module.css';
import { MergedAway } from './merged-away.tsx';

/** Who changed the dossier, from what to what, when and from where; of a copy, which sync brought it. */
export function History({ dossier }: { dossier: number }) {
  const { t } = useTranslation();
  const pages = useHistory(dossier);
  return (
    <section aria-label={t('history.title')}>
      <Title order={3} size="h5" mb="xs">
        {t('history.title')}
      </Title>
      <Loaded query={pages}>
        {(data) => {
          const entries = data.pages.flatMap((page) => page.results);
          if (entries.length === 0) {
            return (
              <Text size="sm" c="dimmed">
                {t('history.none')}
              </Text>
            );
          }
          return (
            <ol className={classes.entries}>
              {entries.map((entry) => (
                <li key={entry.id} className={classes.entry}>
                  <Deed entry={entry} />
                  <Changes before={entry.before} after={entry.after} />
                  {entry.merged !== null && <MergedAway values={entry.merged} />}
                </li>
              ))}
            </ol>
          );
        }}
      </Loaded>
      {pages.hasNextPage && (
        <Button size="xs" variant="default" mt="xs" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
    </section>
  );
}

/** Who or what did it, when, and by which way. */
function Deed({ entry }: { entry: HistoryEntry }) {
  const { t } = useTranslation();
  const sentence = useDeedSentence();
  const way = [
    entry.via !== null && t(`audit.ways.${entry.via}`),
    entry.address !== null && t('history.from', { address: entry.address }),
    entry.file,
  ].filter((part) => typeof part === 'string');
  return (
    <Text size="sm" component="div">
      <Text span fw={600} size="sm" className="wrap">
        {sentence(entry)}
      </Text>{' '}
      <Text span size="xs" c="dimmed">
        <When time={entry.date} />
        {way.map((part) => ` · ${part}`).join('')}
      </Text>
    </Text>
  );
}

const syncDeeds = { made: 'syncMade', changed: 'syncChanged', removed: 'syncRemoved', many: 'syncMany' } as const;
const importDeeds = { made: 'imported', changed: 'importedChange', removed: 'removed', many: 'importedMany' } as const;

/** What was done, in a sentence. */
function useDeedSentence(): (entry: HistoryEntry) => string {
  const { t } = useTranslation();
  const { data: lists = [] } = useWatchLists();
  return ({ kind, run, master, actor, action, dossiers, dossier_list: list, merged }) => {
    const facts = {
      who: actor ?? '',
      run: run ?? 0,
      master: master === null ? '' : new URL(master).host,
      count: dossiers ?? 0,
      list: lists.find(({ id }) => id === list)?.name ?? String(list),
    };
    if (action === 'dossiers-merged')
      return t('duplicates.merged', { ...facts, name: typeof merged?.['name'] === 'string' ? merged['name'] : '' });
    if (run !== null) return t(`history.deeds.${syncDeeds[kind]}`, facts);
    if (kind === 'many' && action !== null && action !== 'dossiers-imported')
      return t('history.deeds.manyAtOnce', { ...facts, what: t(`audit.actions.${action}`) });
    if (action === 'import-taken-back') return t('history.deeds.takenBack', facts);
    if (action === 'dossier-restored' || action === 'dossiers-restored') return t('history.deeds.restored', facts);
    if (kind === 'many' || action === 'dossiers-imported') return t(`history.deeds.${importDeeds[kind]}`, facts);
    return t(`history.deeds.${kind}`, facts);
  };
}
