import { Button, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMakeRecoveryCodes } from '../../api/second-factor.ts';
import { FactorPart } from './factor-part.tsx';
import { OwnPasswordDialog } from './own-password-dialog.tsx';

/** How many codes are left, and how to have others. */
export function RecoveryCodes({ left, onCodes }: { left: number; onCodes: (codes: readonly string[] | null) => void }) {
  const { t } = useTranslation();
  const make = useMakeRecoveryCodes();
  const [opened, setOpened] = useState(false);
  return (
    <FactorPart
      title={t('secondFactor.codes.title')}
      text={t('secondFactor.codes.text')}
      action={
        <Button size="xs" variant="default" onClick={() => setOpened(true)}>
          {t('secondFactor.codes.make')}
        </Button>
      }
    >
      <Text size="sm" mt="xs" {...(left < 3 && { c: 'var(--mantine-color-error)', fw: 600 })}>
        {t('secondFactor.codes.left', { count: left })}
      </Text>
      {opened && (
        <OwnPasswordDialog
          title={t('secondFactor.codes.makeTitle')}
          text={t('secondFactor.codes.makeText')}
          submitLabel={t('secondFactor.codes.make').replace('…', '')}
          onClose={() => setOpened(false)}
          onSubmit={(password) =>
            make.mutate(password, {
              onSuccess({ recovery_codes: codes }) {
                setOpened(false);
                onCodes(codes);
              },
            })
          }
          busy={make.isPending}
          error={make.error}
        />
      )}
    </FactorPart>
  );
}
