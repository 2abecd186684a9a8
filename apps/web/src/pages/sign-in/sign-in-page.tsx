import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys.ts';
import { Problem } from '../../api/problem.ts';
import { signIn, useSignInMethods } from '../../api/session.ts';
import { signInByPasskey } from '../../api/second-factor.ts';
import { useTitle } from '../../components/use-title.ts';
import { CodeStep } from './code-step.tsx';
import { Frame } from './frame.tsx';
import { OidcFault } from './oidc-fault.tsx';
import { OtherWays } from './other-ways.tsx';
import { PasswordStep } from './password-step.tsx';

/** Where the person was going, if that is a page of this node outside this interface; null for here. */
function destination(): string | null {
  const next = new URLSearchParams(location.search).get('next');
  if (next === null) return null;
  const wanted = URL.parse(next, location.origin);
  return wanted?.origin === location.origin ? wanted.pathname + wanted.search : null;
}

/** Asks who the visitor is, and leads on to where they were going. */
export function SignInPage() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const onSuccess = async (): Promise<void> => {
    const next = destination();
    if (next === null) await client.invalidateQueries({ queryKey: keys.session });
    else location.assign(next);
  };
  const entry = useMutation({ mutationFn: signIn, onSuccess });
  const byPasskey = useMutation({ mutationFn: signInByPasskey, onSuccess });
  /** What was right so far, while the second factor is asked for. */
  const [known, setKnown] = useState<{ name: string; password: string; methods: readonly string[] } | null>(null);
  useTitle(t('shell.signIn.title'), useSignInMethods().data?.node_name);
  const submit = (name: string, password: string): void => {
    byPasskey.reset();
    entry.mutate(
      { name, password },
      {
        onError(error) {
          if (!(error instanceof Problem) || error.code !== 'SECOND_FACTOR_REQUIRED') return;
          setKnown({ name, password, methods: error.methods });
          entry.reset();
        },
      },
    );
  };
  const usePasskey = (): void => {
    entry.reset();
    byPasskey.mutate();
  };
  const faults = { error: entry.error ?? byPasskey.error, busy: entry.isPending };
  return (
    <Frame lost={t(known === null ? 'shell.signIn.lost' : 'secondFactor.signIn.lost')}>
      <OidcFault />
      {known === null ? (
        <>
          <PasswordStep {...faults} onSubmit={submit} />
          <OtherWays next={destination()} busy={byPasskey.isPending} onPasskey={usePasskey} />
        </>
      ) : (
        <CodeStep
          {...faults}
          methods={known.methods}
          onSubmit={(code) => {
            byPasskey.reset();
            entry.mutate({ ...known, code });
          }}
          waiting={byPasskey.isPending}
          onPasskey={usePasskey}
          onBack={() => {
            entry.reset();
            byPasskey.reset();
            setKnown(null);
          }}
        />
      )}
    </Frame>
  );
}
