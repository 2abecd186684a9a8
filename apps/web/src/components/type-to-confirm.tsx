import { TextInput } from '@mantine/core';
import type { TextInputProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';

interface TypeToConfirmProps extends Omit<TextInputProps, 'value' | 'onChange' | 'label'> {
  /** What has to be typed. */
  readonly text: string;
  readonly value: string;
  readonly onType: (typed: string) => void;
}

/** Asks for a name or a number to be typed before something is done that can't be taken back. */
export function TypeToConfirm({ text, value, onType, ...props }: TypeToConfirmProps) {
  const { t } = useTranslation();
  return (
    <TextInput
      {...props}
      label={t('common.typeToConfirm', { text })}
      value={value}
      onChange={(event) => onType(event.currentTarget.value)}
      autoComplete="off"
    />
  );
}
