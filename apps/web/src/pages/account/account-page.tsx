import { useTranslation } from 'react-i18next';
import { useSession } from '../../api/session.ts';
import { Page } from '../../components/page.tsx';
import { OwnSessions } from './own-sessions.tsx';
import { PasswordForm } from './password-form.tsx';
import { SecondFactor } from './second-factor.tsx';

/** What everybody may do about the own access. */
export function AccountPage() {
  const { t } = useTranslation();
  const { data: me } = useSession();
  return (
    <Page title={t('account.title')} description={t('account.description')}>
      {me?.sign_in === 'password' && <PasswordForm />}
      <SecondFactor />
      <OwnSessions />
    </Page>
  );
}
