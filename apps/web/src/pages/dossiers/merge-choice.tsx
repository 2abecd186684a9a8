import { Button, Checkbox, Group, Radio, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import type { DossierFace } from '@dossier/protocol/dossier.ts';
import { useMergeDossiers } from '../../api/merge.ts';
import type { MergeSide } from '../../api/merge.ts';
import { photoAddress } from '../../api/photos.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { choose, isOvertaken, mergedOf } from '../../components/contests.ts';
import type { Contest } from '../../components/contests.ts';
import { differencesOf, isEmpty } from '../../components/differences.ts';
import { FieldValue, useFieldName } from '../../components/field-value.tsx';
import { Name } from '../../components/name.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useTell } from '../../components/tell.ts';
import { useKeptWords } from '../../components/undo-toast.tsx';
import { editedFields } from './dossier-draft.ts';
import classes from './merge-choice.module.css';

interface MergeChoiceProps {
  /** The one that stays. */
  readonly one: MergeSide;
  readonly other: MergeSide;
  /** Reads both anew. */
  readonly onAgain: () => void;
  readonly onBack: () => void;
  readonly onClose: () => void;
}

/** Where the two differ; the value of the one that stays is chosen unless it says nothing. */
function contestsOf({ one, other }: { one: MergeSide; other: MergeSide }): Contest[] {
  const [yours, theirs] = [one, other].map(({ dossier }) => {
    const { dossier_lists: _lists, ...fields } = editedFields(dossier.value);
    return fields;
  });
  return differencesOf(theirs ?? null, yours ?? null).map(({ field, custom, was, becomes }) => ({
    field,
    custom,
    yours: becomes,
    theirs: was,
    chosen: isEmpty(becomes) ? 'theirs' : 'yours',
  }));
}

/** What stays of both as it is chosen, and the merge itself. */
function useMerging({ one, other, onClose }: Pick<MergeChoiceProps, 'one' | 'other' | 'onClose'>) {
  const { t } = useTranslation();
  const tell = useTell();
  const merge = useMergeDossiers();
  const [contests, setContests] = useState<readonly Contest[]>(() => contestsOf({ one, other }));
  const [left, setLeft] = useState<readonly string[]>([]);
  const gone = other.dossier.value;
  const photos = [...one.photos, ...other.photos].filter(({ id }) => !left.includes(id)).map(({ id }) => id);
  const run = (): void => {
    const { dossier_lists: _lists, ...body } = mergedOf(editedFields(gone), contests) as ReturnType<typeof editedFields>;
    merge.mutate(
      { one: one.dossier, other: other.dossier, body: { ...body, photos } },
      {
        onSuccess: ({ name }) => {
          tell(t('duplicates.merge.done', { other: gone.name, name }));
          onClose();
        },
      },
    );
  };
  return {
    contests,
    choose: (contest: Contest, side: 'yours' | 'theirs'): void => setContests(choose(contests, contest, side)),
    left,
    turn: (id: string): void => setLeft(left.includes(id) ? left.filter((each) => each !== id) : [...left, id]),
    run,
    busy: merge.isPending,
    error: merge.error,
  };
}

/** Two dossiers side by side: what stays of each, field by field and photo by photo. */
export function MergeChoice({ one, other, onAgain, onBack, onClose }: MergeChoiceProps) {
  const { t } = useTranslation();
  const keptWords = useKeptWords();
  const { data: lists = [] } = useWatchLists();
  const merging = useMerging({ one, other, onClose });
  const { left, turn } = merging;
  const [kept, gone] = [one.dossier.value, other.dossier.value];
  const inLists = lists.filter(({ id }) => kept.dossier_lists.includes(id) || gone.dossier_lists.includes(id));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        merging.run();
      }}
    >
      <Stack>
        <Text size="sm">
          {t('duplicates.merge.text', { one: kept.name, other: gone.name })} {keptWords}
        </Text>
        <div className={classes.sides}>
          <Side title={t('duplicates.merge.stays')} side={one} left={left} onTurn={turn} />
          <Side title={t('duplicates.merge.goes')} side={other} left={left} onTurn={turn} />
        </div>
        {left.length > 0 && (
          <Text size="sm" role="status">
            {t('duplicates.merge.leavesPhotos', { count: left.length })}
          </Text>
        )}
        {merging.contests.map((contest) => (
          <Choice key={`${contest.custom} ${contest.field}`} contest={contest} onChoose={(side) => merging.choose(contest, side)} />
        ))}
        <Text size="sm" c="dimmed">
          {t('duplicates.merge.equal')} {t('duplicates.merge.lists', { lists: inLists.map(({ name }) => shownText(name)).join(', ') })}
        </Text>
        <ProblemAlert error={merging.error} />
        {isOvertaken(merging.error) && (
          <Button variant="default" onClick={onAgain}>
            {t('duplicates.merge.again')}
          </Button>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onBack}>
            {t('common.back')}
          </Button>
          <Button type="submit" color="red.8" loading={merging.busy}>
            {t('duplicates.merge.run')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface SideProps {
  readonly title: string;
  readonly side: MergeSide;
  /** Ids of photos that don't stay. */
  readonly left: readonly string[];
  readonly onTurn: (id: string) => void;
}

function Side({ title, side: { dossier, photos }, left, onTurn }: SideProps) {
  const { t } = useTranslation();
  const { name } = dossier.value;
  return (
    <section className={classes.side} aria-label={`${title}: ${shownText(name)}`}>
      <Text size="xs" c="dimmed">
        {title}
      </Text>
      <Text fw={600} className="wrap">
        <Name>{name}</Name>
      </Text>
      {photos.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t('dossiers.noPhoto')}
        </Text>
      ) : (
        <ul className={classes.photos}>
          {photos.map((photo, index) => (
            <Photo
              key={photo.id}
              photo={photo}
              label={`${t('photos.number', { number: index + 1, count: photos.length })}, ${shownText(name)}`}
              kept={!left.includes(photo.id)}
              onTurn={() => onTurn(photo.id)}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

function Photo({ photo, label, kept, onTurn }: { photo: DossierFace; label: string; kept: boolean; onTurn: () => void }) {
  const { t } = useTranslation();
  return (
    <li>
      <img className={classes.photo} src={photoAddress(photo.id, 'thumbnail')} alt={label} data-kept={kept} />
      <Checkbox mt={4} size="xs" checked={kept} onChange={onTurn} aria-label={t('duplicates.merge.keep', { label })} />
    </li>
  );
}

/** The values of both side by side, of which one stays. */
function Choice({ contest, onChoose }: { contest: Contest; onChoose: (side: 'yours' | 'theirs') => void }) {
  const { t } = useTranslation();
  const nameOf = useFieldName('dossier');
  const { field, custom, chosen, yours, theirs } = contest;
  const isDouble = field === 'external_id' && !isEmpty(yours) && !isEmpty(theirs);
  return (
    <Radio.Group
      label={nameOf(field, custom)}
      {...(isDouble && { description: t('duplicates.merge.external') })}
      value={chosen}
      onChange={onChoose}
    >
      <div className={classes.sides}>
        {(['yours', 'theirs'] as const).map((side) => (
          <Radio
            key={side}
            mt={6}
            value={side}
            label={
              <span className="written">
                <span className="unseen">{t(side === 'yours' ? 'duplicates.merge.stays' : 'duplicates.merge.goes')}: </span>
                <FieldValue field={custom ? '' : field} value={contest[side]} />
              </span>
            }
          />
        ))}
      </div>
    </Radio.Group>
  );
}
