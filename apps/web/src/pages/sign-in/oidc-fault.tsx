import { Alert } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSignInMethods } from '../../api/session.ts';

const codes = [
  'OIDC_UNREACHABLE',
  'OIDC_FAILED',
  'OIDC_NO_ROLE',
  'OIDC_NAME_TAKEN',
  'OIDC_NAME_UNUSABLE',
  'OIDC_LOCKED',
  'OIDC_LAST_ADMINISTRATOR',
] as const;

/** Why the provider of OpenID Connect signed nobody in, as the address says; it is said once. */
export function OidcFault() {
  const { t } = useTranslation();
  const { data: methods } = useSignInMethods();
  const [code] = useState(() => codes.find((each) => each === new URLSearchParams(location.search).get('fault')));
  useEffect(() => {
    const address = new URL(location.href);
    if (!address.searchParams.has('fault')) return;
    address.searchParams.delete('fault');
    history.replaceState(history.state, '', address);
  }, []);
  if (code === undefined) return null;
  return (
    <Alert color="red" role="alert" mb="md" icon={<IconAlertTriangle aria-hidden />}>
      {t(`secondFactor.faults.${code}`, { name: methods?.oidc?.name ?? 'OpenID Connect' })}
    </Alert>
  );
}
