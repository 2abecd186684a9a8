import { Stepper } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MasterTest } from '@dossier/protocol/sync.ts';
import { useKnownMasters } from '../../api/known-masters.ts';
import { Dialog } from '../../components/dialog.tsx';
import { useTell } from '../../components/tell.ts';
import { LocalListStep } from './local-list-step.tsx';
import { ManyListsStep } from './many-lists-step.tsx';
import { MasterStep } from './master-step.tsx';
import { RemoteListStep } from './remote-list-step.tsx';

export interface ChosenMaster {
  readonly url: string;
  readonly test: MasterTest;
}
export type RemoteList = MasterTest['dossier_lists'][number];

/** Makes lists replicas in three steps: which master, which of its lists, which lists here. */
export function EnableDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const navigate = useNavigate();
  const [step, setStep] = useState(0);
  const [master, setMaster] = useState<ChosenMaster | null>(null);
  const [remotes, setRemotes] = useState<readonly RemoteList[]>([]);
  const [only, ...others] = remotes;
  // Whoever knows one master means that one.
  const [known, ...further] = useKnownMasters().data ?? [];
  const finish = (list: number): void => {
    tell(t('replication.enable.done'));
    void navigate({ to: '/replication/$list', params: { list: String(list) }, replace: true });
  };
  const finishMany = (linked: number): void => {
    if (linked > 0) tell(t('bulk.linking.finished', { count: linked }));
    onClose();
  };
  return (
    <Dialog title={t('replication.enable.title')} size="lg" onClose={onClose}>
      <Stepper active={step} size="sm" allowNextStepsSelect={false} onStepClick={setStep}>
        <Stepper.Step label={t('replication.enable.master')}>
          <MasterStep
            preset={master?.url ?? (further.length === 0 ? (known?.remote_url ?? '') : '')}
            onCancel={onClose}
            onDone={(chosen) => {
              setMaster(chosen);
              setRemotes([]);
              setStep(1);
            }}
          />
        </Stepper.Step>
        <Stepper.Step label={t('replication.enable.remote')}>
          {master !== null && (
            <RemoteListStep
              master={master}
              preset={remotes}
              onBack={() => setStep(0)}
              onDone={(chosen) => {
                setRemotes(chosen);
                setStep(2);
              }}
            />
          )}
        </Stepper.Step>
        <Stepper.Step label={t('replication.enable.local')}>
          {master !== null && only !== undefined && others.length === 0 && (
            <LocalListStep master={master} remote={only} onBack={() => setStep(1)} onDone={finish} />
          )}
          {master !== null && others.length > 0 && (
            <ManyListsStep master={master} remotes={remotes} onBack={() => setStep(1)} onDone={finishMany} />
          )}
        </Stepper.Step>
      </Stepper>
    </Dialog>
  );
}
