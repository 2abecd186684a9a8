import { Combobox, Modal, TextInput, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useEffectEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useFoundPeople } from '../../api/dossiers.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { Layer } from '../../components/layer.tsx';
import { hasWords } from '../../components/list-options.ts';
import { useProblemWords } from '../../components/problem-alert.tsx';
import type { PageEntry } from '../navigation.tsx';

const shownLists = 8;
const longestText = 256;
const typingPauseMs = 250;
/** A search for one letter finds everybody. */
const worthSearching = 2;

/** Something that can be gone to. */
interface Place {
  readonly key: string;
  readonly label: string;
  /** What is said of it besides. */
  readonly detail?: string | undefined;
  readonly go: () => Promise<void>;
}

interface Group {
  readonly title: string;
  readonly places: readonly Place[];
  /** Stands where a group has no places yet, or has more. */
  readonly note: string | undefined;
}

interface PaletteProps {
  readonly pages: readonly PageEntry[];
  /** Called with the way to what was chosen, if something was. */
  readonly onClose: (going?: Promise<void>) => void;
}

/** One box from which every page, list and person is reached by keys. */
export function Palette(props: PaletteProps) {
  const { t } = useTranslation();
  return (
    <Layer>
      {(isOnTop) => (
        <Modal
          opened
          centered={false}
          size="lg"
          onClose={() => props.onClose()}
          closeOnEscape={isOnTop}
          title={t('palette.title')}
          closeButtonProps={{ 'aria-label': t('common.close') }}
        >
          <Places {...props} />
        </Modal>
      )}
    </Layer>
  );
}

/** What is in it: drawn with the dialog's content, so that its first place can be marked. */
function Places({ pages, onClose }: PaletteProps) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const combobox = useCombobox({ opened: true, onDropdownClose: () => onClose() });
  const [marked, setMarked] = useState<string | null>(null);
  const marking = (select: () => string | null) => () => {
    const option = select();
    setMarked(option);
    return option;
  };
  const store = {
    ...combobox,
    selectNextOption: marking(combobox.selectNextOption),
    selectPreviousOption: marking(combobox.selectPreviousOption),
  };
  const wanted = text.trim();
  const groups = useGroups(wanted, pages).filter(({ places, note }) => places.length > 0 || note !== undefined);
  const places = groups.flatMap((group) => group.places);
  const first = places[0]?.key;
  // The first place is marked, anew whenever another one is the first or something else is looked for.
  const mark = useEffectEvent((place: string | undefined, _text: string) => {
    setMarked(place === undefined ? null : combobox.selectFirstOption());
  });
  // Which element the first place has is known once it is drawn.
  // oxlint-disable-next-line react/set-state-in-effect
  useEffect(() => mark(first, wanted), [first, wanted]);
  return (
    <Combobox store={store} onOptionSubmit={(key) => onClose(places.find((place) => place.key === key)?.go())}>
      <Combobox.EventsTarget withExpandedAttribute aria-activedescendant={marked ?? undefined}>
        <TextInput
          data-autofocus
          aria-label={t('palette.input')}
          placeholder={t('palette.input')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          maxLength={longestText}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </Combobox.EventsTarget>
      <Combobox.Options aria-label={t('palette.title')} mah="min(420px, 60dvh)" mt="sm" style={{ overflowY: 'auto' }}>
        {groups.map((group) => (
          <Combobox.Group key={group.title} label={group.title}>
            {group.places.map(({ key, label, detail }) => (
              <Combobox.Option key={key} value={key}>
                <bdi>{label}</bdi>
                {detail !== undefined && <span className="detail"> {detail}</span>}
              </Combobox.Option>
            ))}
            {group.note !== undefined && <Combobox.Empty>{group.note}</Combobox.Empty>}
          </Combobox.Group>
        ))}
        {groups.length === 0 && <Combobox.Empty>{t('palette.nothing')}</Combobox.Empty>}
      </Combobox.Options>
    </Combobox>
  );
}

function useGroups(wanted: string, pages: readonly PageEntry[]): Group[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { data: lists = [] } = useWatchLists();
  const people = usePeople(wanted, lists);
  const foundPages = [
    ...pages.map(({ page, to }) => ({ key: `page ${to}`, label: t(`shell.pages.${page}`), go: () => navigate({ to }) })),
    { key: 'page /account', label: t('account.open'), go: () => navigate({ to: '/account' }) },
  ];
  const foundLists = wanted === '' ? [] : lists.filter(({ name }) => hasWords(name, wanted));
  const more = foundLists.length - shownLists;
  return [
    { title: t('palette.pages'), places: foundPages.filter(({ label }) => hasWords(label, wanted)), note: undefined },
    {
      title: t('palette.lists'),
      places: foundLists.slice(0, shownLists).map(({ id, name }) => ({
        key: `list ${id}`,
        label: shownText(name),
        go: () => navigate({ to: '/dossiers', search: { list: id } }),
      })),
      note: more > 0 ? t('palette.more', { count: more }) : undefined,
    },
    people,
  ];
}

/** Who is found by what was typed, once the typing pauses; never those of another text. */
function usePeople(wanted: string, lists: readonly WatchList[]): Group {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const wordsOf = useProblemWords();
  const [settled] = useDebouncedValue(wanted, typingPauseMs);
  const found = useFoundPeople(settled, { enabled: settled === wanted && settled.length >= worthSearching });
  const title = t('palette.people');
  if (wanted.length < worthSearching) return { title, places: [], note: undefined };
  if (settled !== wanted || found.isPending) return { title, places: [], note: t('palette.searching') };
  if (found.isError) return { title, places: [], note: t('palette.failed', { reason: wordsOf(found.error).text }) };
  const listOf = ({ dossier_lists: [first] }: Dossier): string | undefined => lists.find(({ id }) => id === first)?.name;
  const places = found.data.results.map((dossier, index) => {
    const list = listOf(dossier);
    return {
      // Copies that differ have one id.
      key: `person ${dossier.id} ${index}`,
      label: shownText(dossier.name),
      detail: list === undefined ? undefined : t('palette.inList', { list }),
      go: () => navigate({ to: '/dossiers', search: { q: wanted, open: dossier.id } }),
    };
  });
  const all = { key: 'all', label: t('palette.all', { text: wanted }), go: () => navigate({ to: '/dossiers', search: { q: wanted } }) };
  return { title, places: places.length === 0 ? [] : [...places, all], note: undefined };
}
