import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { validityOn } from '@dossier/domain/dossier.ts';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import { useWriting } from '../../format/moments.ts';

type Dates = Pick<Dossier, 'valid_from' | 'valid_until'>;

/** The day by which nodes judge validity: that of UTC. */
const today = (): string => new Date().toISOString().slice(0, 10);

/** From when and until when a dossier is valid, in words that tell what holds today; null where it always is. */
function useValidity(dates: Dates): { text: string; valid: boolean } | null {
  const { t } = useTranslation();
  const writing = useWriting();
  const { valid_from: from, valid_until: until } = dates;
  const validity = validityOn(today(), dates);
  if (validity === 'expired' && until !== null) return { text: t('dossiers.expired', { day: writing.day(until) }), valid: false };
  if (validity === 'not yet' && from !== null) return { text: t('dossiers.notYet', { day: writing.day(from) }), valid: false };
  return until === null ? null : { text: t('dossiers.until', { day: writing.day(until) }), valid: true };
}

/** What people have to know of a dossier's dates beside its name; nothing where it is valid without end. */
export function ValidityMark({ dossier }: { dossier: Dates }) {
  const validity = useValidity(dossier);
  if (validity === null) return null;
  return (
    <>
      {' '}
      <Text span size="xs" {...(validity.valid ? { c: 'dimmed' } : { fw: 600, c: 'var(--mantine-color-error)' })}>
        {validity.text}
      </Text>
    </>
  );
}

/** All that is known of a dossier's dates. */
export function ValidityFacts({ dossier }: { dossier: Dates }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const validity = useValidity(dossier);
  const { valid_from: from, valid_until: until } = dossier;
  if (from === null && until === null) return null;
  return (
    <>
      <dt>{t('dossiers.validity')}</dt>
      <dd>
        {from !== null && <div>{t('dossiers.from', { day: writing.day(from) })}</div>}
        {until !== null && <div>{t('dossiers.until', { day: writing.day(until) })}</div>}
        {validity?.valid === false && (
          <Text size="sm" fw={600} c="var(--mantine-color-error)">
            {validity.text}
          </Text>
        )}
      </dd>
    </>
  );
}
