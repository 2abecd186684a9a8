import { useTranslation } from 'react-i18next';
import { Page } from '../../components/page.tsx';
import { OwnSessions } from './own-sessions.tsx';
import { PasswordForm } from './password-form.tsx';

/** What everybody may do about the own access. */
export function AccountPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('account.title')} description={t('account.description')}>
      <PasswordForm />
      <OwnSessions />
    </Page>
  );
}
