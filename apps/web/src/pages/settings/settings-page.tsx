import { Code, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Setting } from '@dossier/protocol/node.ts';
import { useNode } from '../../api/node.ts';
import { useSettings } from '../../api/settings.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Page } from '../../components/page.tsx';
import { useNodeWords } from '../../i18n/node-words.ts';

/** With what the node runs and where each value came from; changed where it is configured, and read at the next start. */
export function SettingsPage() {
  const { t } = useTranslation();
  const settings = useSettings();
  const { data: node } = useNode();
  return (
    <Page title={t('shell.pages.settings')} description={t('settings.description')}>
      {node && (
        <dl className="facts">
          <dt>{t('settings.version')}</dt>
          <dd>{node.version}</dd>
          <dt>{t('settings.node')}</dt>
          <dd>{node.uuid}</dd>
        </dl>
      )}
      <Loaded query={settings}>{(found) => <SettingTable settings={found} />}</Loaded>
    </Page>
  );
}

function SettingTable({ settings }: { settings: readonly Setting[] }) {
  const { t } = useTranslation();
  const words = useNodeWords();
  const columns: Column<Setting>[] = [
    {
      title: t('settings.key'),
      sort: { key: 'key', of: (setting) => setting.key },
      cell: (setting) => (
        <Text size="sm" fw={600}>
          {breakable(setting.key)}
        </Text>
      ),
    },
    { title: t('settings.value'), cell: (setting) => <Value setting={setting} /> },
    {
      title: t('settings.source'),
      sort: { key: 'source', of: (setting) => t(`settings.sources.${setting.source}`) },
      cell: (setting) => t(`settings.sources.${setting.source}`),
    },
    {
      title: t('settings.allowed'),
      minor: true,
      cell: (setting) => (
        <Text size="sm" c="dimmed" maw={360}>
          {words.allowed(setting.key, setting.allowed)}
        </Text>
      ),
    },
  ];
  return <DataTable label={t('shell.pages.settings')} columns={columns} rows={settings} rowKey={(setting) => setting.key} />;
}

/** A key that may be broken after its underscores, and nowhere else. */
function breakable(key: string): ReactNode[] {
  return key.split(/(?<=_)/).flatMap((part, index) => (index === 0 ? [part] : [<wbr key={part} />, part]));
}

function Value({ setting }: { setting: Setting }) {
  const { t } = useTranslation();
  if (setting.secret && (setting.value !== null || setting.fingerprint !== null)) {
    return (
      <Text size="sm">
        {t('settings.secret')}
        {setting.fingerprint !== null && ` · ${t('settings.fingerprint', { id: setting.fingerprint })}`}
      </Text>
    );
  }
  if (setting.value === null || setting.value === '') return <Text size="sm">{t('settings.unset')}</Text>;
  return <Code className="wrap">{setting.value}</Code>;
}
