import { Alert, Divider, Paper, Stack, Text, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SecondFactorFacts } from '@dossier/protocol/second-factor.ts';
import { keys } from '../../api/keys.ts';
import { useSecondFactor } from '../../api/second-factor.ts';
import { useSession, useSignInMethods } from '../../api/session.ts';
import { Loaded } from '../../components/loaded.tsx';
import { SecretOnce } from '../../components/secret-once.tsx';
import { AuthenticatorApp } from './authenticator-app.tsx';
import { Passkeys } from './passkeys.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';

/** What one signs in with beside the password: an authenticator app, passkeys, and codes for the day when both are lost. */
export function SecondFactor() {
  const { t } = useTranslation();
  const { data: me } = useSession();
  const methods = useSignInMethods();
  const facts = useSecondFactor();
  return (
    <Paper withBorder p="md" maw={720}>
      <Stack>
        <Title order={2} size="h4">
          {t('secondFactor.title')}
        </Title>
        {me?.sign_in === 'oidc' ? (
          <Text size="sm">{t('secondFactor.byProvider', { name: methods.data?.oidc?.name ?? 'OpenID Connect' })}</Text>
        ) : (
          <>
            <Text size="sm" c="dimmed">
              {t('secondFactor.description')}
            </Text>
            <Loaded query={facts}>{(found) => <Parts facts={found} />}</Loaded>
          </>
        )}
      </Stack>
    </Paper>
  );
}

function Parts({ facts }: { facts: SecondFactorFacts }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const some = facts.totp !== null || facts.passkeys.length > 0;
  // The codes are shown first: whoever had to set up a second factor is led on by the session.
  const goOn = (): void => {
    setCodes(null);
    void client.invalidateQueries({ queryKey: keys.session });
  };
  const onCodes = (made: readonly string[] | null): void => (made === null ? goOn() : setCodes(made));
  return (
    <>
      {!some && (
        <Alert color={facts.required ? 'orange' : 'yellow'}>
          {t('secondFactor.none')} {facts.required && t('secondFactor.required')}
        </Alert>
      )}
      <AuthenticatorApp since={facts.totp?.created_date ?? null} onCodes={onCodes} />
      <Divider />
      <Passkeys passkeys={facts.passkeys} onCodes={onCodes} />
      {some && (
        <>
          <Divider />
          <RecoveryCodes left={facts.recovery_codes} onCodes={onCodes} />
        </>
      )}
      {codes !== null && (
        <SecretOnce
          title={t('secondFactor.codes.shownTitle')}
          text={t('secondFactor.codes.shown')}
          secret={codes.join('\n')}
          onClose={goOn}
        />
      )}
    </>
  );
}
