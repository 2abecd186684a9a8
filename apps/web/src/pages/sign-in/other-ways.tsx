import { Button, Divider, Stack } from '@mantine/core';
import { IconFingerprint, IconLogin2 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { passkeyObstacle } from '../../api/second-factor.ts';
import { useSignInMethods } from '../../api/session.ts';

interface OtherWaysProps {
  /** Where the person was going outside this interface; null for here. */
  readonly next: string | null;
  readonly busy: boolean;
  readonly onPasskey: () => void;
}

/** Signing in without a password, where that is possible: by passkey, or by the provider of OpenID Connect. */
export function OtherWays({ next, busy, onPasskey }: OtherWaysProps) {
  const { t } = useTranslation();
  const { data: methods } = useSignInMethods();
  const passkeys = passkeyObstacle() === null;
  const oidc = methods?.oidc ?? null;
  if (!passkeys && oidc === null) return null;
  return (
    <Stack mt="md" gap="sm">
      <Divider label={t('secondFactor.signIn.or')} />
      {oidc !== null && (
        <Button
          component="a"
          href={`/auth/oidc/start/?next=${encodeURIComponent(next ?? location.pathname + location.search)}`}
          variant="default"
          leftSection={<IconLogin2 size={18} aria-hidden />}
          fullWidth
        >
          {t('secondFactor.signIn.oidc', { name: oidc.name })}
        </Button>
      )}
      {passkeys && (
        <Button variant="default" leftSection={<IconFingerprint size={18} aria-hidden />} loading={busy} onClick={onPasskey} fullWidth>
          {t('secondFactor.signIn.passkey')}
        </Button>
      )}
    </Stack>
  );
}
