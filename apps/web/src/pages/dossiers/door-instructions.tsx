import { Alert, Text } from '@mantine/core';
import { IconDoorEnter } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { wordsFor } from '@dossier/domain/declaration.ts';
import { shownLines } from '@dossier/domain/shown-text.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';

/** What to do at the door, as each list that holds the dossier says. */
export function DoorInstructions({ lists }: { lists: readonly WatchList[] }) {
  const { t, i18n } = useTranslation();
  const saying = lists.flatMap((list) => {
    const words = wordsFor(list.instruction, i18n.language);
    return words === null ? [] : { list, words };
  });
  return saying.map(({ list, words }) => (
    <Alert
      key={list.id}
      color="yellow"
      icon={<IconDoorEnter aria-hidden />}
      title={lists.length === 1 ? t('fields.doorTitle') : t('fields.doorTitleOf', { list: list.name })}
    >
      <Text className="written">
        <bdi>{shownLines(words)}</bdi>
      </Text>
    </Alert>
  ));
}
