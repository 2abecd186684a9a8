import { Button, Popover, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDownload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

interface Download {
  readonly label: string;
  readonly href: string;
}

interface DownloadMenuProps {
  /** What is exported. */
  readonly subject: string;
  readonly downloads: readonly Download[];
  /** Called in place of following the link. */
  readonly onChoose?: (href: string) => void;
}

/** Files that can be had of what is on the page. */
export function DownloadMenu({ subject, downloads, onChoose }: DownloadMenuProps) {
  const { t } = useTranslation();
  const [opened, { toggle, close }] = useDisclosure(false);
  return (
    <Popover opened={opened} onChange={(open) => !open && close()} position="bottom-start" withinPortal={false} trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconDownload size={18} aria-hidden />} onClick={toggle}>
          {t('exports.open')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="xs" maw={300}>
        <Text size="sm" fw={600} px="xs" className="wrap">
          {subject}
        </Text>
        <Text size="xs" c="dimmed" px="xs" mb={4}>
          {t('exports.note')}
        </Text>
        <Stack gap={2}>
          {downloads.map(({ label, href }) => (
            <Button
              key={href}
              variant="subtle"
              justify="flex-start"
              size="compact-sm"
              {...(onChoose ? {} : { component: 'a' as const, href, download: true })}
              onClick={() => {
                close();
                onChoose?.(href);
              }}
            >
              {label}
            </Button>
          ))}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
