import { Alert, Button, Center, Group, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys.ts';
import { signIn } from '../../api/session.ts';
import { useProblemWords } from '../../components/problem-alert.tsx';
import { Appearance } from '../../shell/appearance.tsx';
import logo from '../../favicon.svg';

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
  const wordsOf = useProblemWords();
  const entry = useMutation({
    mutationFn: ({ name, password }: { name: string; password: string }) => signIn(name, password),
    async onSuccess() {
      const next = destination();
      if (next === null) await client.invalidateQueries({ queryKey: keys.session });
      else location.assign(next);
    },
  });
  useEffect(() => {
    document.title = `${t('shell.signIn.title')} · ${t('shell.title')}`;
  }, [t]);
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [name, password] = [form.get('name'), form.get('password')];
    if (typeof name === 'string' && typeof password === 'string') entry.mutate({ name, password });
  };
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder shadow="sm" p="xl" w={400} maw="100%">
        <Group gap="sm" mb="lg">
          <img src={logo} width={36} height={36} alt="" />
          <div>
            <Title order={1} size="h3">
              {t('shell.title')}
            </Title>
            <Text size="sm" c="dimmed">
              {location.host}
            </Text>
          </div>
        </Group>
        <form onSubmit={submit}>
          <Stack>
            {location.protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(location.hostname) && (
              <Alert color="yellow" icon={<IconAlertTriangle aria-hidden />}>
                {t('shell.plainHttp')}
              </Alert>
            )}
            <TextInput name="name" label={t('shell.signIn.name')} autoComplete="username" required />
            <PasswordInput name="password" label={t('shell.signIn.password')} autoComplete="current-password" required />
            {entry.isError && (
              <Alert color="red" role="alert" icon={<IconAlertTriangle aria-hidden />}>
                {wordsOf(entry.error).text}
              </Alert>
            )}
            <Button type="submit" loading={entry.isPending} fullWidth>
              {t('shell.signIn.button')}
            </Button>
          </Stack>
        </form>
        <Text size="xs" c="dimmed" mt="md">
          {t('shell.signIn.lost')}
        </Text>
        <Group mt="lg" justify="center">
          <Appearance />
        </Group>
      </Paper>
    </Center>
  );
}
