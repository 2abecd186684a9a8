import { Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useTestMaster } from '../../api/masters.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import type { ChosenMaster } from './enable-dialog.tsx';
import { completed } from './master-address.ts';
import { AddressInput } from './address-input.tsx';
import { StepForm } from './step-form.tsx';

interface MasterStepProps {
  readonly preset: string;
  readonly onCancel: () => void;
  readonly onDone: (master: ChosenMaster) => void;
}

/** The master's address, which has to answer as a master before the next step. */
export function MasterStep({ preset, onCancel, onDone }: MasterStepProps) {
  const { t } = useTranslation();
  const test = useTestMaster();
  const [address, setAddress] = useState(preset);
  const url = completed(address);
  return (
    <StepForm
      back={t('common.cancel')}
      onBack={onCancel}
      forward={t('replication.enable.test')}
      onForward={() => test.mutate(url, { onSuccess: (found) => onDone({ url, test: found }) })}
      disabled={address.trim() === ''}
      busy={test.isPending}
    >
      <AddressInput value={address} onChange={setAddress} />
      <ProblemAlert title={t('replication.enable.testFailed')} error={test.error} />
      <Text size="sm" c="dimmed">
        {t('replication.enable.testHint')}
      </Text>
    </StepForm>
  );
}
