import { Button, Card, Center, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconCopy, IconDatabase, IconPlant, IconServer } from '@tabler/icons-react';
import { Link as RouterLink } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../api/session.ts';
import { Copyable } from '../../components/copyable.tsx';
import { Empty } from '../../components/empty.tsx';

/** What to do on a node that is neither master nor slave yet. */
export function FirstSteps({ hasLists }: { hasLists: boolean }) {
  return hasLists ? <WithoutSites /> : <FreshNode />;
}

/** What to do first on a node that holds nothing: both things that it can be. */
function FreshNode() {
  const { t } = useTranslation();
  const admin = useMay('admin');
  return (
    <Stack gap="md">
      <Empty icon={<IconPlant size={40} />} title={t('siteHealth.fresh.title')}>
        {t(admin ? 'siteHealth.fresh.text' : 'siteHealth.fresh.textViewer')}
      </Empty>
      {admin && (
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Card withBorder>
            <Stack gap="xs" h="100%" align="flex-start">
              <IconDatabase size={28} aria-hidden />
              <Title order={3} size="h5">
                {t('siteHealth.fresh.master')}
              </Title>
              <Text size="sm" flex={1}>
                {t('siteHealth.fresh.masterText')}
              </Text>
              <Button component={RouterLink} to="/watch-lists">
                {t('common.makeList')}
              </Button>
            </Stack>
          </Card>
          <Card withBorder>
            <Stack gap="xs" h="100%" align="flex-start">
              <IconCopy size={28} aria-hidden />
              <Title order={3} size="h5">
                {t('siteHealth.fresh.slave')}
              </Title>
              <Text size="sm" flex={1}>
                {t('siteHealth.fresh.slaveText')}
              </Text>
              <Button component={RouterLink} to="/replication?enable=true">
                {t('common.replicateList')}
              </Button>
            </Stack>
          </Card>
        </SimpleGrid>
      )}
    </Stack>
  );
}

/** What to do on a node whose lists nobody replicates, and that replicates none. */
function WithoutSites() {
  const { t } = useTranslation();
  const admin = useMay('admin');
  const { origin } = globalThis.location;
  return (
    <Empty
      icon={<IconServer size={40} />}
      title={t('siteHealth.noSites.title')}
      actions={
        admin && (
          <>
            <Text size="sm">{t('siteHealth.noSites.orHere')}</Text>
            <Button component={RouterLink} to="/replication?enable=true" variant="default" size="xs">
              {t('common.replicateList')}
            </Button>
          </>
        )
      }
    >
      {t('siteHealth.noSites.text')}
      <Center my="xs">
        <Copyable text={origin} />
      </Center>
      {t('siteHealth.noSites.token')}
    </Empty>
  );
}
