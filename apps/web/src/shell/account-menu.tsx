import { Button, Divider, Popover, Stack, Text } from '@mantine/core';
import { IconKey, IconKeyboard, IconLogout, IconUser } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import type { CurrentSession } from '@dossier/protocol/session.ts';
import { useSignOut } from '../api/session.ts';
import { Name } from '../components/name.tsx';
import { Appearance } from './appearance.tsx';
import { HotkeyHelp } from './go-to/go-to.tsx';

/** Who is signed in, how the pages look, and the way out. */
export function AccountMenu({ user }: { user: CurrentSession['user'] }) {
  const { t } = useTranslation();
  const signOut = useSignOut();
  const [opened, setOpened] = useState(false);
  const [helping, setHelping] = useState(false);
  return (
    <>
      <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus={!helping} withinPortal={false}>
        <Popover.Target>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconUser size={16} aria-hidden />}
            aria-label={`${t('shell.account')}: ${shownText(user.name)}`}
            onClick={() => setOpened((before) => !before)}
          >
            {/* A phone has no room for it beside what the node is. */}
            <Text span inherit truncate maw={200} visibleFrom="xs">
              <Name>{user.name}</Name>
            </Text>
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Stack gap="sm">
            <Text size="sm">{t('shell.signedInAs', { name: user.name, role: t(`common.role.${user.role}`) })}</Text>
            <Appearance />
            <Divider />
            <Button
              component={Link}
              to="/account"
              variant="default"
              size="xs"
              leftSection={<IconKey size={16} aria-hidden />}
              onClick={() => setOpened(false)}
            >
              {t('account.open')}
            </Button>
            <Button
              variant="default"
              size="xs"
              visibleFrom="sm"
              leftSection={<IconKeyboard size={16} aria-hidden />}
              onClick={() => {
                setOpened(false);
                setHelping(true);
              }}
            >
              {t('hotkeys.title')}
            </Button>
            <Button variant="default" size="xs" leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void signOut()}>
              {t('shell.signOut')}
            </Button>
          </Stack>
        </Popover.Dropdown>
      </Popover>
      <Suspense>{helping && <HotkeyHelp onClose={() => setHelping(false)} />}</Suspense>
    </>
  );
}
