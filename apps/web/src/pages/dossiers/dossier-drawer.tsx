import { Anchor, Button, Drawer, Group, Stack, Text, Title } from '@mantine/core';
import { IconEdit } from '@tabler/icons-react';
import { useState } from 'react';
import type { KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { shownLines } from '@dossier/domain/shown-text.ts';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useDossier } from '../../api/dossiers.ts';
import { useMayEditDossiers } from '../../api/permissions.ts';
import { useIsLimited } from '../../api/session.ts';
import type { Tagged } from '../../api/tagged.ts';
import { useInterruptedDraft } from '../../components/draft.ts';
import { Layer } from '../../components/layer.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { ListName } from '../../components/list-name.tsx';
import { When } from '../../components/when.tsx';
import { Name } from '../../components/name.tsx';
import { isTyping, letterOf } from '../../components/typing.ts';
import { CardLink } from '../card/card-link.tsx';
import { CustomFields } from './custom-fields.tsx';
import { draftSubject } from './dossier-draft.ts';
import { DeleteButton } from './delete-button.tsx';
import { DoorInstructions } from './door-instructions.tsx';
import { DossierForm } from './dossier-form.tsx';
import { History } from './history.tsx';
import { MergeButton } from './merge-button.tsx';
import { NeighbourButtons } from './neighbour-buttons.tsx';
import { useNeighbours } from './neighbours.ts';
import { Photos } from './photos.tsx';
import classes from './photos.module.css';
import { ValidityFacts } from './validity.tsx';

interface DossierDrawerProps {
  readonly id: number;
  readonly lists: readonly WatchList[];
  readonly onClose: () => void;
}

/** One dossier with its photos, beside the list that it was found in. */
export function DossierDrawer({ id, lists, onClose }: DossierDrawerProps) {
  const { t } = useTranslation();
  const query = useDossier(id);
  const neighbours = useNeighbours(id);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    // Keys in a dialog above it are that dialog's.
    if (!(event.target instanceof Node && event.currentTarget.contains(event.target))) return;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || isTyping(event.target)) return;
    const way = wayOf(event);
    const go = way && neighbours[way];
    if (go === undefined) return;
    event.preventDefault();
    // What has the focus may go with the dossier that is left.
    event.currentTarget.querySelector<HTMLElement>(`[data-way="${way}"]`)?.focus();
    go();
  };
  return (
    <Layer>
      {(isOnTop) => (
        <Drawer
          opened
          onClose={onClose}
          closeOnEscape={isOnTop}
          position="right"
          size="xl"
          title={<Name>{query.data?.value.name ?? t('common.loading')}</Name>}
          closeButtonProps={{ 'aria-label': t('common.close') }}
          onKeyDown={onKeyDown}
        >
          <NeighbourButtons neighbours={neighbours} name={query.data?.value.name} />
          <Loaded query={query}>{(found) => <Details key={id} read={found} lists={lists} onClose={onClose} />}</Loaded>
        </Drawer>
      )}
    </Layer>
  );
}

function wayOf(event: KeyboardEvent): 'next' | 'previous' | undefined {
  if (event.key === 'ArrowRight' || letterOf(event) === 'j') return 'next';
  return event.key === 'ArrowLeft' || letterOf(event) === 'k' ? 'previous' : undefined;
}

function Details({ read, lists, onClose }: { read: Tagged<Dossier>; lists: readonly WatchList[]; onClose: () => void }) {
  const { t } = useTranslation();
  const editable = useMayEditDossiers();
  const isLimited = useIsLimited();
  const { value: dossier } = read;
  const interrupted = useInterruptedDraft(draftSubject(dossier.id));
  const [asked, setAsked] = useState<boolean | null>(null);
  const editing = asked ?? (editable && interrupted);
  const inLists = lists.filter((list) => dossier.dossier_lists.includes(list.id));
  return (
    <Stack gap="lg">
      <DoorInstructions lists={inLists} />
      <Origin lists={inLists} />
      <Group gap="xs">
        {editable && (
          <Button size="xs" variant="default" leftSection={<IconEdit size={16} aria-hidden />} onClick={() => setAsked(true)}>
            {t('common.edit')}
          </Button>
        )}
        {editable && !isLimited && <MergeButton read={read} />}
        <CardLink dossier={dossier.id} />
        <DeleteButton read={read} onDeleted={onClose} />
      </Group>
      <div className={classes.person}>
        <Photos read={read} editable={editable} />
        <Stack gap="lg">
          {dossier.comment !== '' && (
            <section>
              <Title order={3} size="h5">
                {t('common.comment')}
              </Title>
              <Text size="sm" className="written">
                <bdi>{shownLines(dossier.comment)}</bdi>
              </Text>
            </section>
          )}
          <CustomFields meta={dossier.meta} lists={inLists} />
          <Facts dossier={dossier} lists={inLists} />
        </Stack>
      </div>
      {!isLimited && <History dossier={dossier.id} />}
      {editing && (
        <DossierForm
          read={read}
          lists={lists.filter((list) => list.replica === null)}
          onClose={() => setAsked(false)}
          onDone={() => setAsked(false)}
        />
      )}
    </Stack>
  );
}

/** For a copy: whose it is. */
function Origin({ lists }: { lists: readonly WatchList[] }) {
  const { t } = useTranslation();
  const master = lists.find((list) => list.replica !== null)?.replica?.remote_url;
  if (master === undefined) return null;
  return (
    <Text size="sm" c="dimmed">
      {t('dossiers.copyOf')}{' '}
      <Anchor underline="always" href={`${master}/ui/`}>
        {new URL(master).host}
      </Anchor>
      .
    </Text>
  );
}

/** What is known of it besides its name, comment and fields. */
function Facts({ dossier, lists }: { dossier: Dossier; lists: readonly WatchList[] }) {
  const { t } = useTranslation();
  return (
    <dl className="facts">
      <dt>{t('dossiers.state')}</dt>
      <dd>{t(dossier.active ? 'dossiers.active' : 'dossiers.inactive')}</dd>
      <ValidityFacts dossier={dossier} />
      <dt>{t('dossiers.inLists')}</dt>
      <dd>
        {lists.map((list) => (
          <div key={list.id}>
            <ListName name={list.name} color={list.color} />
          </div>
        ))}
      </dd>
      {dossier.external_id !== null && (
        <>
          <dt>{t('dossiers.externalId')}</dt>
          <dd>
            <Name>{dossier.external_id}</Name>
          </dd>
        </>
      )}
      <dt>{t('dossiers.made')}</dt>
      <dd>
        <When time={dossier.created_date} />
      </dd>
      <dt>{t('dossiers.modified')}</dt>
      <dd>
        <When time={dossier.modified_date} />
      </dd>
    </dl>
  );
}
