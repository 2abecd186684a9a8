import { Alert, Center, Group, Paper, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useSignInMethods } from '../../api/session.ts';
import { Name } from '../../components/name.tsx';
import { Appearance } from '../../shell/appearance.tsx';
import logo from '../../favicon.svg';

/** What is around each step of signing in: where one is, and below what to do when something is lost. */
export function Frame({ lost, children }: { lost: string; children: ReactNode }) {
  const { t } = useTranslation();
  const node = useSignInMethods().data?.node_name;
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder shadow="sm" p="xl" w={400} maw="100%">
        <Group gap="sm" mb="lg">
          <img src={logo} width={36} height={36} alt="" />
          <div>
            <Title order={1} size="h3">
              {t('shell.title')}
            </Title>
            {node !== undefined && (
              <Text size="sm" fw={600} className="wrap">
                <Name>{node}</Name>
              </Text>
            )}
            <Text size="sm" c="dimmed">
              {location.host}
            </Text>
          </div>
        </Group>
        {location.protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(location.hostname) && (
          <Alert color="yellow" mb="md" icon={<IconAlertTriangle aria-hidden />}>
            {t('shell.plainHttp')}
          </Alert>
        )}
        {children}
        <Text size="xs" c="dimmed" mt="md">
          {lost}
        </Text>
        <Group mt="lg" justify="center">
          <Appearance />
        </Group>
      </Paper>
    </Center>
  );
}
