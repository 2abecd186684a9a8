import { Button, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

interface Download {
  readonly label: string;
  readonly href: string;
}

interface DownloadMenuProps {
  /** What is exported. */
  readonly subject?: string;
  readonly downloads: readonly Download[];
  /** Called in place of following the link. */
  readonly onChoose?: (href: string) => void;
}

/** Files that can be had of what is on the page. */
export function DownloadMenu({ subject, downloads, onChoose }: DownloadMenuProps) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={18} aria-hidden />}>
          {t('exports.open')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label maw={280}>
          {subject !== undefined && <div className="wrap">{subject}</div>}
          {t('exports.note')}
        </Menu.Label>
        {downloads.map(({ label, href }) => (
          <Menu.Item key={href} {...(onChoose ? { onClick: () => onChoose(href) } : { component: 'a', href, download: true })}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
