import { Alert, Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLinks } from '../../api/links.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { ListChoices } from '../../components/list-choices.tsx';
import type { ChosenMaster, RemoteList } from './enable-dialog.tsx';
import { StepForm } from './step-form.tsx';

interface RemoteListStepProps {
  readonly master: ChosenMaster;
  readonly preset: readonly RemoteList[];
  readonly onBack: () => void;
  readonly onDone: (lists: readonly RemoteList[]) => void;
}

/** Which of the master's lists are replicated. */
export function RemoteListStep({ master, preset, onBack, onDone }: RemoteListStepProps) {
  const { t } = useTranslation();
  const copyOf = useCopies(master);
  const { dossier_lists: lists, SYNC_TIME: time, TIME_ZONE: zone } = master.test;
  const [chosen, setChosen] = useState<ReadonlySet<number>>(
    () => new Set((preset.length === 0 && lists.length === 1 ? lists : preset).map(({ id }) => id)),
  );
  const clock = `${String(time.hour).padStart(2, '0')}:${String(time.minute).padStart(2, '0')}`;
  return (
    <StepForm
      back={t('common.back')}
      onBack={onBack}
      forward={t('common.next')}
      onForward={() => onDone(lists.filter(({ id }) => chosen.has(id)))}
      disabled={chosen.size === 0}
      busy={false}
    >
      <Alert color="green" icon={<IconCircleCheck aria-hidden />} role="status">
        {t('replication.enable.answered', { master: new URL(master.url).host, time: clock, zone })}
      </Alert>
      {lists.length === 0 ? (
        <Text>{t('replication.enable.noLists')}</Text>
      ) : (
        <ListChoices
          label={t('replication.enable.chooseRemote')}
          value={chosen}
          onChange={setChosen}
          lists={lists.map((list) => {
            const copy = copyOf(list);
            return {
              id: list.id,
              name: list.name,
              description: [t('common.dossiers', { count: list.dossier_count }), copy].filter(Boolean).join(' · '),
              common: copy === undefined,
            };
          })}
        />
      )}
    </StepForm>
  );
}

/** Says of a list of the master which list here is its copy already; undefined if none is. */
function useCopies(master: ChosenMaster): (list: RemoteList) => string | undefined {
  const { t } = useTranslation();
  const links = useLinks();
  const lists = useWatchLists();
  return (list) => {
    const link = links.data?.find(
      (each) => each.remote_dossier_list === list.id && new URL(each.remote_url).origin === new URL(master.url).origin,
    );
    const copy = lists.data?.find((each) => each.id === link?.slave_dossier_list);
    return copy && t('replication.enable.copyHere', { name: copy.name });
  };
}
