import { Button, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRemoveTotp } from '../../api/second-factor.ts';
import { useTell } from '../../components/tell.ts';
import { useWriting } from '../../format/moments.ts';
import { FactorPart } from './factor-part.tsx';
import { OwnPasswordDialog } from './own-password-dialog.tsx';
import { TotpDialog } from './totp-dialog.tsx';

interface AuthenticatorAppProps {
  /** Null: none is set up. */
  readonly since: string | null;
  readonly onCodes: (codes: readonly string[] | null) => void;
}

/** The app that shows codes: set up, or removed. */
export function AuthenticatorApp({ since, onCodes }: AuthenticatorAppProps) {
  const { t } = useTranslation();
  const tell = useTell();
  const remove = useRemoveTotp();
  const writing = useWriting();
  const [opened, setOpened] = useState<'set-up' | 'remove' | null>(null);
  const close = (): void => setOpened(null);
  return (
    <FactorPart
      title={t('secondFactor.app.title')}
      text={t('secondFactor.app.text')}
      action={
        <Button size="xs" variant="default" onClick={() => setOpened(since === null ? 'set-up' : 'remove')}>
          {t(since === null ? 'secondFactor.app.setUp' : 'secondFactor.app.remove')}
        </Button>
      }
    >
      {since !== null && (
        <Text size="sm" mt="xs">
          {t('secondFactor.app.since', { when: writing.short(since) })}
        </Text>
      )}
      {opened === 'set-up' && (
        <TotpDialog
          onClose={close}
          onDone={(codes) => {
            close();
            tell(t('secondFactor.app.done'));
            onCodes(codes);
          }}
        />
      )}
      {opened === 'remove' && (
        <OwnPasswordDialog
          title={t('secondFactor.app.removeTitle')}
          text={t('secondFactor.app.removeText')}
          submitLabel={t('secondFactor.app.remove').replace('…', '')}
          danger
          onClose={close}
          onSubmit={(password) =>
            remove.mutate(password, {
              onSuccess() {
                close();
                tell(t('secondFactor.app.removed'));
                onCodes(null);
              },
            })
          }
          busy={remove.isPending}
          error={remove.error}
        />
      )}
    </FactorPart>
  );
}
