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
  const run = async (saving: Promise<void>): Promise<void> => {
    setBusy(true);
    try {
      await saving;
    } catch (error) {
      tell(t('exports.failed', { reason: wordsOf(error).text }));
    } finally {
      setBusy(false);
    }
  };
  const wayTo = (format: (typeof formats)[number]) => {
    if (target.kind === 'chosen') {
      const body = { dossiers: target.dossiers.map(({ id }) => id), format };
      return { onClick: () => void run(saveAnswer('/dossiers/export/', body)) };
    }
    const href = address('/dossiers/export/', { ...filterQuery(target.filter), format });
    // A search by words may be refused, and finds no more than fits in memory; all others go to the disk as they come.
    return target.filter.q === undefined ? { component: 'a' as const, href, download: true } : { onClick: () => void run(save(href)) };
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
          <Menu.Item key={format} {...wayTo(format)}>
            {t(`exports.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
