import { Button, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconArrowLeft, IconFingerprint } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { focusOnSight } from '../../components/focus-on-sight.ts';
import { Refusal } from './refusal.tsx';

interface CodeStepProps {
  /** By what this user can show the second factor. */
  readonly methods: readonly string[];
  readonly onSubmit: (code: string) => void;
  readonly onPasskey: () => void;
  readonly onBack: () => void;
  readonly busy: boolean;
  /** For the passkey. */
  readonly waiting: boolean;
  readonly error: unknown;
}

/** The second factor: a code, or the passkey. */
export function CodeStep({ methods, onSubmit, onPasskey, onBack, busy, waiting, error }: CodeStepProps) {
  const { t } = useTranslation();
  const [code, setCode] = useState('');
  const typed = methods.some((method) => method !== 'passkey');
  const text = methods.includes('totp') ? 'codeText' : typed ? 'recoveryText' : 'passkeyText';
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (typed) onSubmit(code);
      }}
    >
      <Stack>
        <div>
          <Title order={2} size="h4">
            {t('secondFactor.signIn.codeTitle')}
          </Title>
          <Text size="sm" c="dimmed">
            {t(`secondFactor.signIn.${text}`)}
          </Text>
        </div>
        {typed && (
          <TextInput
            name="code"
            label={t('secondFactor.signIn.code')}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
            autoComplete="one-time-code"
            autoCapitalize="characters"
            spellCheck={false}
            ref={focusOnSight}
            required
          />
        )}
        <Refusal error={error} />
        {typed && (
          <Button type="submit" loading={busy} fullWidth>
            {t('shell.signIn.button')}
          </Button>
        )}
        {methods.includes('passkey') && (
          <Button
            variant={typed ? 'default' : 'filled'}
            leftSection={<IconFingerprint size={18} aria-hidden />}
            loading={waiting}
            onClick={onPasskey}
            fullWidth
          >
            {t('secondFactor.signIn.passkey')}
          </Button>
        )}
        <Button variant="subtle" leftSection={<IconArrowLeft size={16} aria-hidden />} onClick={onBack} fullWidth>
          {t('common.back')}
        </Button>
      </Stack>
    </form>
  );
}
