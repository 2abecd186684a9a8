import { Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { TypeToConfirm } from '../../components/type-to-confirm.tsx';
import { isTyped } from '../../components/typed.ts';
import { useKeptWords } from '../../components/undo-toast.tsx';
import { BulkForm } from './bulk-dialog.tsx';
import type { BulkDialogProps } from './bulk-dialog.tsx';

/** So many are deleted without their number having to be typed. */
const withoutTyping = 20;

/** Asks before many dossiers are deleted. */
export function BulkDeleteDialog(props: BulkDialogProps) {
  const { t } = useTranslation();
  const { count } = props;
  const kept = useKeptWords();
  const [text, setText] = useState('');
  const isMany = count > withoutTyping;
  const sure = !isMany || isTyped(text, String(count));
  return (
    <BulkForm
      {...props}
      title={t('bulk.deleting.title', { count })}
      deed={sure ? { delete: true } : null}
      submitLabel={t('bulk.deleting.run', { count })}
      done="bulk.deleted"
      danger
    >
      <Text size="sm">
        {t('bulk.deleting.text')} {kept}
      </Text>
      {isMany && <TypeToConfirm text={String(count)} value={text} onType={setText} inputMode="numeric" data-autofocus />}
    </BulkForm>
  );
}
