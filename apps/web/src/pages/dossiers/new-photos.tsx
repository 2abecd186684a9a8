import { ActionIcon, Stack, Text } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import { DropArea } from '../../components/drop-area.tsx';
import { SortablePhotos } from '../../components/sortable-photos.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import type { ChosenPhotos } from './chosen-photos.ts';
import { Duplicates } from './duplicates.tsx';
import classes from './new-photos.module.css';
import { takenTypes } from './taken-types.ts';

interface NewPhotosProps {
  readonly chosen: ChosenPhotos;
  /** Names of the photos that a draft was written with. */
  readonly drafted: readonly string[] | undefined;
  readonly onNames: (names: readonly string[]) => void;
}

/** Photos for a dossier that is being made: dropped or chosen, put in order, or left out again. */
export function NewPhotos({ chosen, drafted, onNames }: NewPhotosProps) {
  const { t } = useTranslation();
  const namesOf = (photos: ChosenPhotos['list']): string[] => photos.map(({ label }) => label);
  const held = chosen.list.flatMap((photo) => photo.holders ?? []);
  const holders = held.filter(({ id }, index) => held.findIndex((each) => each.id === id) === index);
  return (
    <Stack gap="xs">
      {chosen.list.length === 0 && drafted !== undefined && drafted.length > 0 && (
        <Text size="sm" role="status" className="wrap">
          {t('photos.chooseAgain', { names: drafted.map(shownText).join(', ') })}
        </Text>
      )}
      {chosen.list.length > 0 && (
        <SortablePhotos photos={chosen.list} label={t('dossiers.photos')} onOrder={chosen.order}>
          {({ key, label }, _index, picture) => (
            <>
              {/* So that it can be moved by keys. */}
              {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
              <div className={classes.photo} tabIndex={0} role="group" aria-label={label} aria-keyshortcuts="Alt+ArrowLeft Alt+ArrowRight">
                {picture}
              </div>
              <div className={classes.out}>
                <ActionIcon
                  variant="default"
                  size="sm"
                  aria-label={t('photos.leaveOut', { name: label })}
                  onClick={() => {
                    chosen.leaveOut(key);
                    onNames(namesOf(chosen.list.filter((photo) => photo.key !== key)));
                  }}
                >
                  <IconX size={14} aria-hidden />
                </ActionIcon>
              </div>
            </>
          )}
        </SortablePhotos>
      )}
      {chosen.list.map(
        ({ key, label, refusal }) => refusal && <ProblemAlert key={key} title={t('duplicates.refused', { name: label })} error={refusal} />,
      )}
      <Duplicates found={holders} title={t('duplicates.photo')} />
      {chosen.list.length > 1 && (
        <Text size="xs" c="dimmed" mt={4}>
          {t('photos.orderHint')}
        </Text>
      )}
      <DropArea
        label={t('photos.dropNew')}
        hint={t('photos.dropNewHint')}
        accept={takenTypes}
        multiple
        onFiles={(files) => onNames(namesOf(chosen.add(files)))}
      />
    </Stack>
  );
}
