import { useTranslation } from 'react-i18next';

/** Why a node that waited was refused, as the audit keeps it: one word for all, whatever language the administrator reads. */
export const refusedReason = 'refused';

/** A reason as the page says it. */
export function useReason(): (reason: string) => string {
  const { t } = useTranslation();
  return (reason) => (reason === refusedReason ? t('audit.values.reason.refused') : reason);
}
