import { Center, Container, Loader } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../api/session.ts';
import { ProblemAlert } from '../components/problem-alert.tsx';
import { Shell } from './shell.tsx';

/** Who is signed in already needs none of it. */
const SignInPage = lazy(async () => ({ default: (await import('../pages/sign-in/sign-in-page.tsx')).SignInPage }));
/** Few need it, and it brings much along. */
const SecondFactorFirst = lazy(async () => ({ default: (await import('../pages/account/second-factor-first.tsx')).SecondFactorFirst }));

/** Lets in who is signed in; others get the sign-in, at whatever address. */
export function Entrance() {
  const { t } = useTranslation();
  const session = useSession();
  if (session.data === null) {
    return (
      <Suspense>
        <SignInPage />
      </Suspense>
    );
  }
  if (session.data?.second_factor_missing === true) {
    return (
      <Suspense>
        <SecondFactorFirst />
      </Suspense>
    );
  }
  if (session.data !== undefined) return <Shell user={session.data} />;
  if (session.isError) {
    return (
      <Container size="xs" pt="xl" component="main">
        <ProblemAlert title={t('common.couldNotLoad')} error={session.error} onRetry={() => void session.refetch()} />
      </Container>
    );
  }
  return (
    <Center mih="100vh">
      <Loader role="status" aria-label={t('common.loading')} />
    </Center>
  );
}
