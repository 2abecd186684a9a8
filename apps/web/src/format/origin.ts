import { useTranslation } from 'react-i18next';
import type { Link } from '@dossier/protocol/sync.ts';

/** How a link's list is called: by the name that the master gave it, or by its number as long as the master has named none. */
export function useOrigin(): (link: Link, master: string) => string {
  const { t } = useTranslation();
  return (link, master) =>
    link.remote_name === null
      ? t('overview.ofNumber', { remote: link.remote_dossier_list, master })
      : t('overview.of', { remote: link.remote_name, master });
}
