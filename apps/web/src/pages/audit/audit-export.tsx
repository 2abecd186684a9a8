import { useTranslation } from 'react-i18next';
import type { AuditFilter } from '../../api/audit.ts';
import { address } from '../../api/request.ts';
import { DownloadMenu } from '../../components/download-menu.tsx';

/** What passes the filter as a file. */
export function AuditExport({ filter }: { filter: AuditFilter }) {
  const { t } = useTranslation();
  const downloads = (['csv', 'jsonl'] as const).map((format) => ({
    label: t(`exports.${format}`),
    href: address('/audit/export/', { ...filter, format }),
  }));
  return <DownloadMenu subject={t('exports.found')} downloads={downloads} />;
}
