import { Button, Group, Radio, Stack, Text } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import { useDossierPages } from '../../api/dossiers.ts';
import { useNamesakes } from '../../api/duplicates.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { Loaded } from '../../components/loaded.tsx';
import { Name } from '../../components/name.tsx';
import { SearchField } from '../../components/search-field.tsx';
import { Face } from './face.tsx';

const shownAtMost = 8;

interface MergeFindProps {
  readonly dossier: Dossier;
  readonly onFound: (id: number) => void;
  readonly onClose: () => void;
}

/** Asks which dossier is of the same person: those of a similar name are offered, others are found by the search. */
export function MergeFind({ dossier, onFound, onClose }: MergeFindProps) {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState<string | undefined>();
  const [chosen, setChosen] = useState<string | null>(null);
  const choice = { dossier, chosen, onChoose: setChosen };
  return (
    <Stack>
      <Text size="sm">{t('duplicates.merge.findText', { name: dossier.name })}</Text>
      <SearchField
        type="search"
        label={t('duplicates.merge.find')}
        description={t('dossiers.searchHint')}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={wanted}
        onSearch={(text) => {
          setWanted(text);
          setChosen(null);
        }}
        data-autofocus
      />
      {wanted === undefined ? <Alike {...choice} /> : <Searched {...choice} text={wanted} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button disabled={chosen === null} onClick={() => onFound(Number(chosen))}>
          {t('duplicates.merge.compare')}
        </Button>
      </Group>
    </Stack>
  );
}

interface Choice {
  readonly dossier: Dossier;
  readonly chosen: string | null;
  readonly onChoose: (id: string) => void;
}

function Alike({ dossier, ...choice }: Choice) {
  const { t } = useTranslation();
  const namesakes = useNamesakes(dossier.name, { lists: [], except: dossier.id });
  return <Loaded query={namesakes}>{(found) => <Candidates {...choice} found={found} note={t('duplicates.merge.alikeOnly')} />}</Loaded>;
}

function Searched({ dossier, text, ...choice }: Choice & { text: string }) {
  const pages = useDossierPages({ q: text, valid: 'all' });
  return (
    <Loaded query={pages}>
      {(data) => (
        <Candidates {...choice} found={data.pages.flatMap(({ results }) => results).filter(({ id }) => id !== dossier.id)} note={null} />
      )}
    </Loaded>
  );
}

interface CandidatesProps extends Omit<Choice, 'dossier'> {
  readonly found: readonly Dossier[];
  readonly note: string | null;
}

function Candidates({ found, note, chosen, onChoose }: CandidatesProps) {
  const { t } = useTranslation();
  if (found.length === 0) {
    return (
      <Text size="sm" c="dimmed" role="status">
        {t('duplicates.merge.none')}
      </Text>
    );
  }
  return (
    <Radio.Group label={t('duplicates.merge.candidates')} description={note} value={chosen} onChange={onChoose}>
      <Stack gap="xs" mt="xs">
        {found.slice(0, shownAtMost).map((each) => (
          <Radio key={each.id} value={String(each.id)} label={<Candidate dossier={each} />} styles={{ body: { alignItems: 'center' } }} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

function Candidate({ dossier }: { dossier: Dossier }) {
  const { data: lists = [] } = useWatchLists();
  const names = lists.filter(({ id }) => dossier.dossier_lists.includes(id)).map(({ name }) => name);
  return (
    <Group gap={0} wrap="nowrap" component="span">
      <Face dossier={dossier} />
      <span className="wrap">
        <Text span fw={600} size="sm">
          <Name>{dossier.name}</Name>
        </Text>{' '}
        <Text span size="xs" c="dimmed">
          {[...names, dossier.external_id].filter((part) => part !== null).join(' · ')}
        </Text>
      </span>
    </Group>
  );
}
