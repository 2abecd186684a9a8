import { Button, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { BulkTarget } from '../../api/bulk.ts';
import { address } from '../../api/request.ts';
import { save, saveAnswer } from '../../api/save.ts';
import { useProblemWords } from '../../components/problem-alert.tsx';
import { useTell } from '../../components/tell.ts';
import { filterQuery } from './filter.ts';

const formats = ['csv', 'jsonl'] as const;

/** The selected dossiers as a file. */
export function BulkExport({ target }: { target: BulkTarget }) {
  const { t } = useTranslation();
  const tell = useTell();
  const wordsOf = useProblemWords();
  const [busy, setBusy] = useState(false);
  const run = async (format: (typeof formats)[number]): Promise<void> => {
    setBusy(true);
    try {
      if (target.kind === 'found') await save(address('/dossiers/export/', { ...filterQuery(target.filter), format }));
      else await saveAnswer('/dossiers/export/', { dossiers: target.dossiers.map(({ id }) => id), format });
    } catch (error) {
      tell(t('exports.failed', { reason: wordsOf(error).text }));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button size="xs" variant="default" loading={busy} leftSection={<IconDownload size={16} aria-hidden />}>
          {t('bulk.export')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {formats.map((format) => (
          <Menu.Item key={format} onClick={() => void run(format)}>
            {t(`exports.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
