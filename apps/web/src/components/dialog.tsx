import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFocusBack } from './focus-back.ts';
import { Layer } from './layer.tsx';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  /** Whether it can be left now: not while something runs whose end has to be heard. */
  readonly closable?: boolean;
  readonly size?: 'sm' | 'md' | 'lg' | 'xl';
  readonly children: ReactNode;
}

/** A dialog that is open as long as it is there. */
export function Dialog({ title, onClose, closable = true, size = 'md', children }: DialogProps) {
  const { t } = useTranslation();
  useFocusBack();
  return (
    <Layer>
      {(isOnTop) => (
        <Modal
          opened
          onClose={onClose}
          closeOnEscape={isOnTop && closable}
          closeOnClickOutside={closable}
          withCloseButton={closable}
          title={<bdi>{title}</bdi>}
          size={size}
          closeButtonProps={{ 'aria-label': t('common.close') }}
        >
          {children}
        </Modal>
      )}
    </Layer>
  );
}
