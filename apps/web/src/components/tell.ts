import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';

/** Tells, for some seconds, what was done. */
export function useTell(): (message: string) => void {
  const { t } = useTranslation();
  return (message) => {
    notifications.show({ message, closeButtonProps: { 'aria-label': t('common.close') } });
  };
}
