import { Alert, Radio, Stack, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useWriting } from '../format/moments.ts';
import { choose } from './contests.ts';
import type { Conflict, Contest, Side } from './contests.ts';
import { FieldValue, useFieldName } from './field-value.tsx';
import type { Subject } from './field-value.tsx';

interface ConflictChoiceProps {
  readonly conflict: Pick<Conflict<unknown>, 'deed' | 'contests'>;
  readonly onChange: (contests: readonly Contest[]) => void;
  readonly of?: Subject;
}

/** Says who changed what a person was changing, shows both versions, and lets each field be decided. */
export function ConflictChoice({ conflict: { deed, contests }, onChange, of = 'dossier' }: ConflictChoiceProps) {
  const { t } = useTranslation();
  const nameOf = useFieldName(of);
  const writing = useWriting();
  const when = deed === null ? '' : writing.relative(deed.date);
  return (
    <Stack gap="md">
      <Alert color="yellow" icon={<IconUsers aria-hidden />} title={t('conflict.title')} role="alert">
        {deed !== null && (
          <Text size="sm" fw={600}>
            {deed.who === null ? t('conflict.bySomebody', { when }) : t('conflict.by', { who: deed.who, when })}
          </Text>
        )}
        <Text size="sm">{t('conflict.text')}</Text>
      </Alert>
      {contests.map((contest) => (
        <Choice
          key={`${contest.custom} ${contest.field}`}
          contest={contest}
          label={nameOf(contest.field, contest.custom)}
          onChoose={(side) => onChange(choose(contests, contest, side))}
        />
      ))}
    </Stack>
  );
}

function Choice({ contest, label, onChoose }: { contest: Contest; label: string; onChoose: (side: Side) => void }) {
  const { t } = useTranslation();
  const { field, custom, chosen } = contest;
  return (
    <Radio.Group label={label} value={chosen} onChange={onChoose} required={chosen === null}>
      <Stack gap={6} mt={6}>
        {(['yours', 'theirs'] as const).map((side) => (
          <Radio
            key={side}
            value={side}
            label={
              <>
                <Text span size="xs" c="dimmed">
                  {t(`conflict.${side}`)}:
                </Text>{' '}
                <span className="written">
                  <FieldValue field={custom ? '' : field} value={contest[side]} />
                </span>
              </>
            }
          />
        ))}
      </Stack>
    </Radio.Group>
  );
}
