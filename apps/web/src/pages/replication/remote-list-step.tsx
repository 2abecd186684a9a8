import { Alert, Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLinks } from '../../api/links.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { ListChoice } from '../../components/list-choice.tsx';
import type { ChosenMaster, RemoteList } from './enable-dialog.tsx';
import { StepForm } from './step-form.tsx';

interface RemoteListStepProps {
  readonly master: ChosenMaster;
  readonly preset: RemoteList | null;
  readonly onBack: () => void;
  readonly onDone: (list: RemoteList) => void;
}

/** Which of the master's lists is replicated. */
export function RemoteListStep({ master, preset, onBack, onDone }: RemoteListStepProps) {
  const { t } = useTranslation();
  const copyOf = useCopies(master);
  const { dossier_lists: lists, SYNC_TIME: time, TIME_ZONE: zone } = master.test;
  const [only] = lists.length === 1 ? lists : [];
  const [chosen, setChosen] = useState(preset ?? only ?? null);
  const clock = `${String(time.hour).padStart(2, '0')}:${String(time.minute).padStart(2, '0')}`;
  return (
    <StepForm
      back={t('common.back')}
      onBack={onBack}
      forward={t('common.next')}
      onForward={() => chosen && onDone(chosen)}
      disabled={chosen === null}
      busy={false}
    >
      <Alert color="green" icon={<IconCircleCheck aria-hidden />} role="status">
        {t('replication.enable.answered', { master: new URL(master.url).host, time: clock, zone })}
      </Alert>
      {lists.length === 0 ? (
        <Text>{t('replication.enable.noLists')}</Text>
      ) : (
        <ListChoice
          label={t('replication.enable.chooseRemote')}
          value={chosen === null ? null : String(chosen.id)}
          onChoose={(id) => setChosen(lists.find((list) => String(list.id) === id) ?? null)}
          choices={lists.map((list) => ({
            value: String(list.id),
            name: list.name,
            description: [t('common.dossiers', { count: list.dossier_count }), copyOf(list)].filter(Boolean).join(' · '),
          }))}
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
