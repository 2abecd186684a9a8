import { Button, Container, Group, Stack, Text, Title } from '@mantine/core';
import { IconLogout } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useSignInMethods, useSignOut } from '../../api/session.ts';
import { Name } from '../../components/name.tsx';
import { useTitle } from '../../components/use-title.ts';
import { Appearance } from '../../shell/appearance.tsx';
import { SecondFactor } from './second-factor.tsx';

/** All that there is for who has to set up a second factor before anything else. */
export function SecondFactorFirst() {
  const { t } = useTranslation();
  const signOut = useSignOut();
  const node = useSignInMethods().data?.node_name;
  useTitle(t('secondFactor.first.title'), node);
  return (
    <Container size="sm" py="xl" component="main">
      <Stack gap="lg">
        <div>
          {node !== undefined && (
            <Text size="sm" fw={600}>
              <Name>{node}</Name>
            </Text>
          )}
          <Title order={1} size="h2">
            {t('secondFactor.first.title')}
          </Title>
          <Text c="dimmed" size="sm" mt={4}>
            {t('secondFactor.first.text')}
          </Text>
        </div>
        <SecondFactor />
        <Group justify="space-between">
          <Appearance />
          <Button variant="default" leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void signOut()}>
            {t('shell.signOut')}
          </Button>
        </Group>
      </Stack>
    </Container>
  );
}
