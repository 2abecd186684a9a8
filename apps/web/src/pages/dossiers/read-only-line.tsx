import { Anchor } from '@mantine/core';
import { useSearch } from '@tanstack/react-router';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { useNode } from '../../api/node.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { ReplicaMark } from '../../components/replica-mark.tsx';

/** On a slave: why nothing can be changed here, and where it can. */
export function ReadOnlyLine() {
  const { t } = useTranslation();
  const { list: shown } = useSearch({ from: '/dossiers' });
  const { data: node } = useNode();
  const { data: lists = [] } = useWatchLists();
  if (node?.slave !== true) return <>{t('dossiers.description')}</>;
  const masters = [...new Set(lists.flatMap((list) => (list.replica ? [list.replica.remote_url] : [])))];
  return (
    <>
      {t('dossiers.readOnly')}{' '}
      {masters.map((master, index) => (
        <Fragment key={master}>
          {index > 0 && ', '}
          <Anchor underline="always" href={`${master}/ui/`}>
            {new URL(master).host}
          </Anchor>
        </Fragment>
      ))}
      .{lists.map((list) => (list.id === shown ? <ReplicaMark key={list.id} list={list} /> : null))}
    </>
  );
}
