import { useTranslation } from 'react-i18next';
import type { Link } from '@dossier/protocol/sync.ts';
import { When } from '../../components/when.tsx';
import { useWriting } from '../../format/moments.ts';

/** What is known of both ends. */
export function LinkFigures({ link }: { link: Link }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const behind = Math.max(0, (link.head_revision ?? 0) - (link.revision ?? 0));
  return (
    <dl className="facts">
      <dt>{t('replication.here')}</dt>
      <dd>{t('common.dossiers', { count: link.local_count })}</dd>
      {link.remote_count !== null && (
        <>
          <dt>{t('replication.there')}</dt>
          <dd>{t('common.dossiers', { count: link.remote_count })}</dd>
        </>
      )}
      {behind > 0 && (
        <>
          <dt>{t('replication.followers.behind')}</dt>
          <dd>{t('overview.behind', { count: behind })}</dd>
        </>
      )}
      {link.revision !== null && (
        <>
          <dt>{t('replication.revision')}</dt>
          <dd>{writing.number(link.revision)}</dd>
        </>
      )}
      {link.last_attempt !== null && (
        <>
          <dt>{t('replication.lastAttempt')}</dt>
          <dd>
            <When time={link.last_attempt} />
          </dd>
        </>
      )}
    </dl>
  );
}
