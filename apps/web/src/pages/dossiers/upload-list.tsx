import { ActionIcon, Group, Progress, Text } from '@mantine/core';
import { IconRefresh, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Name } from '../../components/name.tsx';
import { useProblemWords } from '../../components/problem-alert.tsx';
import type { Upload, Uploads } from './use-uploads.ts';

/** Photos on their way, and those that failed: why, and the two ways out. */
export function UploadList({ dossier, uploads }: { dossier: number; uploads: Uploads }) {
  return (
    <div role="status">
      {uploads.list.map((upload) => (
        <Item
          key={upload.key}
          upload={upload}
          onRetry={() => void uploads.retry(dossier, upload.key)}
          onLeaveOut={() => uploads.leaveOut(upload.key)}
        />
      ))}
    </div>
  );
}

function Item({ upload, onRetry, onLeaveOut }: { upload: Upload; onRetry: () => void; onLeaveOut: () => void }) {
  const { t } = useTranslation();
  const wordsOf = useProblemWords();
  const { name } = upload.file;
  if (upload.error === null) {
    return (
      <div>
        <Text size="sm" className="wrap">
          <Name>{name}</Name>
          {upload.part === null && ` · ${t('photos.upload.waiting')}`}
        </Text>
        <Progress value={(upload.part ?? 0) * 100} aria-label={name} />
      </div>
    );
  }
  return (
    <Group justify="space-between" wrap="nowrap" gap="xs" align="flex-start">
      <Text size="sm" className="wrap" c="var(--mantine-color-error)">
        <Name>{name}</Name> · {t('photos.upload.failed')}: {wordsOf(upload.error).text}
      </Text>
      <Group gap={2} wrap="nowrap">
        <ActionIcon variant="subtle" color="gray" aria-label={t('photos.upload.retry', { name })} onClick={onRetry}>
          <IconRefresh size={16} aria-hidden />
        </ActionIcon>
        <ActionIcon variant="subtle" color="gray" aria-label={t('photos.leaveOut', { name })} onClick={onLeaveOut}>
          <IconX size={16} aria-hidden />
        </ActionIcon>
      </Group>
    </Group>
  );
}
