import { Progress, ScrollArea, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useLinkMany } from '../../api/many-links.ts';
import type { LinkOutcome, PlannedLink } from '../../api/many-links.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { Name } from '../../components/name.tsx';
import { useProblemWords } from '../../components/problem-alert.tsx';
import { useWriting } from '../../format/moments.ts';
import type { ChosenMaster, RemoteList } from './enable-dialog.tsx';
import { StepForm } from './step-form.tsx';

interface ManyListsStepProps {
  readonly master: ChosenMaster;
  readonly remotes: readonly RemoteList[];
  readonly onBack: () => void;
  readonly onDone: (linked: number) => void;
}

/** Each list goes into the empty list of its name that is here and no replica, or into a new one: nothing here makes way. */
function planFor(remotes: readonly RemoteList[], lists: readonly WatchList[]): PlannedLink[] {
  const empty = lists.filter((list) => list.replica === null && list.dossier_count === 0);
  const taken = new Set<number>();
  return remotes.map(({ id, name }) => {
    const local = empty.find((list) => list.name === name && !taken.has(list.id))?.id ?? null;
    if (local !== null) taken.add(local);
    return { remote: id, name, local };
  });
}

/** Links several lists of a master in one go, and names those that could not be. */
export function ManyListsStep({ master, remotes, onBack, onDone }: ManyListsStepProps) {
  const { t } = useTranslation();
  const writing = useWriting();
  const lists = useWatchLists();
  const { outcomes, start, isPending } = useLinkMany(master.url);
  const plans = planFor(remotes, lists.data ?? []);
  const left = plans.filter(({ remote }) => outcomes.get(remote)?.state !== 'linked');
  const linked = plans.length - left.length;
  const failed = plans.filter(({ remote }) => outcomes.get(remote)?.state === 'failed').length;
  const begun = outcomes.size > 0;
  const isThrough = begun && left.length === 0;
  const forward = isThrough ? t('common.close') : t(begun ? 'bulk.linking.again' : 'bulk.linking.start', { count: left.length });
  return (
    <StepForm
      back={t(begun ? 'common.close' : 'common.back')}
      onBack={() => (begun ? onDone(linked) : onBack())}
      forward={forward}
      onForward={() => (isThrough ? onDone(linked) : start(left))}
      disabled={lists.data === undefined}
      busy={isPending}
    >
      <Text size="sm">{t('bulk.linking.several')}</Text>
      <ScrollArea.Autosize mah={320} viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': t('replication.enable.remote') }}>
        <Table verticalSpacing={6} aria-label={t('replication.enable.remote')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('dossiers.list')}</Table.Th>
              <Table.Th>{t('common.into')}</Table.Th>
              {begun && <Table.Th>{t('replication.state')}</Table.Th>}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {plans.map((plan) => (
              <Table.Tr key={plan.remote}>
                <Table.Td>
                  <Name>{plan.name}</Name>
                </Table.Td>
                <Table.Td>{t(plan.local === null ? 'replication.enable.newList' : 'bulk.linking.empty')}</Table.Td>
                {begun && (
                  <Table.Td>
                    <Outcome outcome={outcomes.get(plan.remote)} />
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea.Autosize>
      <div role="status">
        {begun && (
          <Text size="sm">
            {t('bulk.linking.progress', { done: writing.number(linked), total: writing.number(plans.length) })}
            {failed > 0 && !isPending && ` ${t('bulk.linking.failed', { count: failed })}`}
          </Text>
        )}
      </div>
      {isPending && <Progress value={(100 * linked) / plans.length} aria-label={t('replication.state')} />}
    </StepForm>
  );
}

function Outcome({ outcome }: { outcome: LinkOutcome | undefined }) {
  const { t } = useTranslation();
  const wordsOf = useProblemWords();
  if (outcome?.state !== 'failed') return t(`bulk.linking.${outcome?.state ?? 'waiting'}`);
  return (
    <Text size="sm" c="red.8" className="danger wrap">
      {wordsOf(outcome.error).text}
    </Text>
  );
}
