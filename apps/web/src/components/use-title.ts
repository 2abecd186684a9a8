import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';

/** Names the tab: the page, and the node that it is of, as far as that is known yet. */
export function useTitle(title: string, node: string | undefined): void {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${shownText(title)} · ${shownText(node ?? t('shell.title'))}`;
  }, [title, node, t]);
}
