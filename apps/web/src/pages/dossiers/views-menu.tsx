import { ActionIcon, Anchor, Button, Group, Popover, Stack, Text, TextInput } from '@mantine/core';
import { IconBookmark, IconPencil, IconTrash } from '@tabler/icons-react';
import { Link, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import type { Ref } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import { focusOnSight } from '../../components/focus-on-sight.ts';
import { useTell } from '../../components/tell.ts';
import { useTellUndoable } from '../../components/undo-toast.tsx';
import { isShown, longestViewName, useSavedViews } from './saved-views.ts';
import type { SavedView } from './saved-views.ts';

/** Views by their names, beside the search: to go to, to rename, to remove, and to keep the present one. */
export function ViewsMenu() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/dossiers' });
  const saved = useSavedViews();
  const { views, save } = saved;
  const tell = useTell();
  const [opened, setOpened] = useState(false);
  const nameBox = useRef<HTMLInputElement>(null);
  const current = views.find((view) => isShown(view, search));
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" withinPortal={false} trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="default"
          maw={220}
          leftSection={<IconBookmark size={16} aria-hidden />}
          aria-label={current ? `${t('views.open')}: ${shownText(current.name)}` : t('views.open')}
          onClick={() => setOpened((before) => !before)}
        >
          {current ? <bdi>{shownText(current.name)}</bdi> : t('views.open')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown w={320} maw="calc(100vw - 32px)">
        <Stack gap="sm">
          <Text size="xs" c="dimmed">
            {t(views.length === 0 ? 'views.none' : 'views.note')}
          </Text>
          {views.length > 0 && (
            <ViewList saved={saved} current={current} onOpen={() => setOpened(false)} onEmpty={() => nameBox.current?.focus()} />
          )}
          <NameForm
            inputRef={nameBox}
            label={t('views.name')}
            initial=""
            button={t('views.save')}
            isTaken={(name) => views.some((view) => view.name === name)}
            onName={(name) => {
              save(name, search);
              setOpened(false);
              tell(t('views.saved', { name }));
            }}
          />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

interface ViewListProps {
  readonly saved: ReturnType<typeof useSavedViews>;
  readonly current: SavedView | undefined;
  readonly onOpen: () => void;
  /** Called when the last one is removed. */
  readonly onEmpty: () => void;
}

function ViewList({ saved: { views, save, rename, remove }, current, onOpen, onEmpty }: ViewListProps) {
  const { t } = useTranslation();
  const tell = useTellUndoable();
  const [renamed, setRenamed] = useState<string | null>(null);
  const { list, focusOn } = useFocusOnView();
  const removeView = ({ name, search }: SavedView, place: number): void => {
    remove(name);
    tell(t('views.removed', { name }), { id: `view ${name}`, undo: () => save(name, search) });
    const next = views[place + 1] ?? views[place - 1];
    if (next === undefined) onEmpty();
    else focusOn(next.name);
  };
  return (
    <Stack ref={list} gap={4} component="ul" className="plain" mah={300} style={{ overflowY: 'auto', listStyle: 'none' }}>
      {views.map((view, place) => (
        <li key={view.name}>
          {renamed === view.name ? (
            <NameForm
              inputRef={focusOnSight}
              label={t('views.newName', { name: view.name })}
              initial={view.name}
              button={t('common.save')}
              isTaken={(name) => name !== view.name && views.some((other) => other.name === name)}
              onName={(name) => {
                rename(view.name, name);
                setRenamed(null);
                focusOn(name);
              }}
            />
          ) : (
            <ViewLine
              view={view}
              isCurrent={view === current}
              onOpen={onOpen}
              onRename={() => setRenamed(view.name)}
              onRemove={() => removeView(view, place)}
            />
          )}
        </li>
      ))}
    </Stack>
  );
}

/** What had the focus goes with a line that is renamed or removed. */
function useFocusOnView() {
  const list = useRef<HTMLDivElement>(null);
  const [wanted, setWanted] = useState<{ name: string } | null>(null);
  useEffect(() => {
    if (wanted !== null) list.current?.querySelector<HTMLElement>(`[data-view="${CSS.escape(wanted.name)}"]`)?.focus();
  }, [wanted]);
  return { list, focusOn: (name: string): void => setWanted({ name }) };
}

interface ViewLineProps {
  readonly view: SavedView;
  /** Whether the page shows it now. */
  readonly isCurrent: boolean;
  readonly onOpen: () => void;
  readonly onRename: () => void;
  readonly onRemove: () => void;
}

function ViewLine({ view: { name, search }, isCurrent, onOpen, onRename, onRemove }: ViewLineProps) {
  const { t } = useTranslation();
  return (
    <Group gap={4} wrap="nowrap">
      <Anchor
        size="sm"
        flex={1}
        className="wrap"
        fw={isCurrent ? 650 : 400}
        renderRoot={(props) => (
          <Link {...props} to="/dossiers" search={search} aria-current={isCurrent} data-view={name} onClick={onOpen} />
        )}
      >
        <bdi>{shownText(name)}</bdi>
      </Anchor>
      <ActionIcon variant="subtle" color="gray" aria-label={t('views.rename', { name })} onClick={onRename}>
        <IconPencil size={16} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" aria-label={t('views.remove', { name })} onClick={onRemove}>
        <IconTrash size={16} aria-hidden />
      </ActionIcon>
    </Group>
  );
}

interface NameFormProps {
  readonly inputRef: Ref<HTMLInputElement>;
  readonly label: string;
  readonly initial: string;
  readonly button: string;
  /** Whether another view is called so, which then gives way. */
  readonly isTaken: (name: string) => boolean;
  readonly onName: (name: string) => void;
}

function NameForm({ inputRef, label, initial, button, isTaken, onName }: NameFormProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(initial);
  const name = text.trim();
  const taken = isTaken(name);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name === '') return;
        onName(name);
        setText('');
      }}
    >
      <Group gap="xs" align="flex-end">
        <TextInput
          flex="1 1 180px"
          ref={inputRef}
          size="xs"
          label={label}
          value={text}
          maxLength={longestViewName}
          onChange={(event) => setText(event.currentTarget.value)}
          {...(taken && { description: t('views.taken') })}
        />
        <Button type="submit" size="xs" disabled={name === ''}>
          {taken ? t('views.replace') : button}
        </Button>
      </Group>
    </form>
  );
}
