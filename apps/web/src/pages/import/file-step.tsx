import { Button, Code, Group, Text } from '@mantine/core';
import { IconFile, IconFileZip, IconFolder, IconX } from '@tabler/icons-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import type { ImportPhoto } from '../../api/import.ts';
import { DropArea } from '../../components/drop-area.tsx';
import { Name } from '../../components/name.tsx';
import { useWriting } from '../../format/moments.ts';
import type { Chosen } from './chosen-files.ts';
import { takePhotos } from './chosen-files.ts';

interface FileStepProps {
  readonly chosen: Chosen | null;
  readonly photos: readonly ImportPhoto[];
  readonly onFile: (file: File) => void;
  readonly onPhotos: (photos: readonly ImportPhoto[]) => void;
}

const accepted = '.jsonl,.ndjson,.json,.csv,.tsv,.txt,.gz,.zst,.zip,text/csv,application/x-ndjson';

/** Which file is imported, and where its photos are. */
export function FileStep({ chosen, photos, onFile, onPhotos }: FileStepProps) {
  const { t } = useTranslation();
  const writing = useWriting();
  return (
    <>
      <DropArea label={t('imports.drop')} hint={t('imports.dropHint')} accept={accepted} onFiles={([file]) => file && onFile(file)} />
      {chosen === null && <Code block>{'{"external_id": "A-17", "name": "Jane Doe", "comment": "…", "meta": {"height": 181}}'}</Code>}
      {chosen !== null && (
        <Group gap="xs" wrap="nowrap">
          <IconFile size={18} aria-hidden />
          <Text size="sm" fw={600} className="wrap">
            <Name>{chosen.file.name}</Name>
          </Text>
          <Text size="sm" c="dimmed" span style={{ whiteSpace: 'nowrap' }}>
            {writing.bytes(chosen.file.content.size)}
          </Text>
        </Group>
      )}
      {chosen !== null && chosen.photos.length === 0 && <PhotoChoice photos={photos} onPhotos={onPhotos} />}
      {chosen !== null && chosen.photos.length > 0 && (
        <Text size="sm" c="dimmed">
          {t('imports.photosInZip')}
        </Text>
      )}
    </>
  );
}

function PhotoChoice({ photos, onPhotos }: Pick<FileStepProps, 'photos' | 'onPhotos'>) {
  const { t } = useTranslation();
  const writing = useWriting();
  const folder = useRef<HTMLInputElement>(null);
  const zip = useRef<HTMLInputElement>(null);
  const take = (input: HTMLInputElement): void => {
    onPhotos(takePhotos([...(input.files ?? [])]));
    input.value = '';
  };
  const [first] = photos;
  const isZip = first !== undefined && photos.length === 1 && /\.zip$/i.test(first.path);
  return (
    <Group gap="xs">
      <Button size="xs" variant="default" leftSection={<IconFolder size={16} aria-hidden />} onClick={() => folder.current?.click()}>
        {t('imports.photoFolder')}
      </Button>
      <Button size="xs" variant="default" leftSection={<IconFileZip size={16} aria-hidden />} onClick={() => zip.current?.click()}>
        {t('imports.photoZip')}
      </Button>
      <input
        ref={folder}
        type="file"
        hidden
        multiple
        aria-label={t('imports.photoFolder')}
        {...{ webkitdirectory: '' }}
        onChange={(event) => take(event.currentTarget)}
      />
      <input
        ref={zip}
        type="file"
        hidden
        accept=".zip"
        aria-label={t('imports.photoZip')}
        onChange={(event) => take(event.currentTarget)}
      />
      <Text size="sm" c="dimmed" role="status">
        {first !== undefined &&
          (isZip ? shownText(first.path) : t('imports.photosChosen', { count: photos.length, shown: writing.number(photos.length) }))}
      </Text>
      {first !== undefined && (
        <Button size="xs" variant="subtle" color="gray" leftSection={<IconX size={14} aria-hidden />} onClick={() => onPhotos([])}>
          {t('imports.noPhotos')}
        </Button>
      )}
    </Group>
  );
}
