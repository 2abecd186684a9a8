import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFocusBack } from './focus-back.ts';
import { Layer } from './layer.tsx';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly size?: 'sm' | 'md' | 'lg' | 'xl';
  readonly children: ReactNode;
}

/** A dialog that is open as long as it is there. */
export function Dialog({ title, onClose, size = 'md', children }: DialogProps) {
  const { t } = useTranslation();
  useFocusBack();
  return (
    <Layer>
      {(isOnTop) => (
        <Modal
          opened
          onClose={onClose}
          closeOnEscape={isOnTop}
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
