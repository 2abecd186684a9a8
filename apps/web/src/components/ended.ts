import { useTranslation } from 'react-i18next';

interface Ended {
  readonly sessions: number;
  readonly tokens: number;
}

/** Says what ended with a password or a second factor; nothing where nothing did. */
export function useEndedWords(): (ended: Ended) => string {
  const { t } = useTranslation();
  return ({ sessions, tokens }) =>
    [sessions > 0 && t('common.endedSessions', { count: sessions }), tokens > 0 && t('common.endedTokens', { count: tokens })]
      .filter((part) => part !== false)
      .join(' ');
}
