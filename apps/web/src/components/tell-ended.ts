import { useTranslation } from 'react-i18next';
import { useTell } from './tell.ts';

interface Ended {
  readonly sessions: number;
  readonly tokens: number;
}

/** Tells what was done, and what ended with a password or a second factor. */
export function useTellEnded(): (done: string, ended?: Ended) => void {
  const { t } = useTranslation();
  const tell = useTell();
  return (done, { sessions, tokens } = { sessions: 0, tokens: 0 }) =>
    tell(
      [
        done,
        ...(sessions > 0 ? [t('common.endedSessions', { count: sessions })] : []),
        ...(tokens > 0 ? [t('common.endedTokens', { count: tokens })] : []),
      ].join(' '),
    );
}
