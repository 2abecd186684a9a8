import { Button, Group, Radio, Stack, Text } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import { useDossierPages } from '../../api/dossiers.ts';
import { useNamesakes } from '../../api/duplicates.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { Name } from '../../components/name.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
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
  const namesakes = useNamesakes(dossier.name, { lists: [], except: dossier.id });
  const pages = useDossierPages({ q: wanted, valid: 'all' });
  const searched = pages.data?.pages.flatMap(({ results }) => results).filter(({ id }) => id !== dossier.id) ?? [];
  const offered: readonly Dossier[] = (wanted === undefined ? (namesakes.data ?? []) : searched).slice(0, shownAtMost);
  const query = wanted === undefined ? namesakes : pages;
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
      <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
      {wanted === undefined && offered.length > 0 && (
        <Text size="sm" c="dimmed">
          {t('duplicates.merge.alikeOnly')}
        </Text>
      )}
      {offered.length > 0 && (
        <Radio.Group label={t('duplicates.merge.candidates')} value={chosen} onChange={setChosen}>
          <Stack gap="xs" mt="xs">
            {offered.map((each) => (
              <Radio
                key={each.id}
                value={String(each.id)}
                label={<Candidate dossier={each} />}
                styles={{ body: { alignItems: 'center' } }}
              />
            ))}
          </Stack>
        </Radio.Group>
      )}
      <Text size="sm" c="dimmed" role="status">
        {query.isSuccess && offered.length === 0 && t('duplicates.merge.none')}
      </Text>
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
