import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { DossierMatch, DossierPage } from '@dossier/protocol/dossier.ts';

/** A dossier of a page; with what matched where it was searched for. */
export type ListedDossier = DossierPage['results'][number];

/** A text of a dossier in which what was searched for is marked. */
export function Marked({
  text,
  field,
  matches,
}: {
  text: string;
  field: DossierMatch['field'];
  matches?: readonly DossierMatch[] | undefined;
}) {
  return (
    <bdi>
      {markedParts(
        text,
        (matches ?? []).filter((match) => match.field === field),
      )}
    </bdi>
  );
}

function markedParts(text: string, matches: readonly DossierMatch[]) {
  let at = 0;
  const parts = matches
    .toSorted((one, other) => one.start - other.start)
    .flatMap(({ start, end }) => {
      if (start < at) return [];
      const before = text.slice(at, start);
      at = end;
      return [before, <mark key={start}>{text.slice(start, end)}</mark>];
    });
  return [...parts, text.slice(at)];
}

const around = 24;

/** Where else than in name and external id what was searched for stands. */
export function OtherMatches({ dossier }: { dossier: ListedDossier }) {
  const { t } = useTranslation();
  const others = (dossier.matches ?? []).filter(({ field }) => field === 'comment' || field === 'meta');
  return others.map((match) => {
    const { before, after } = surroundings(dossier, match);
    return (
      <Text key={`${match.key} ${match.start}`} span size="xs" c="dimmed" ml="xs">
        {match.key ?? t('common.comment')}:{' '}
        <bdi>
          {before}
          <mark>{match.text}</mark>
          {after}
        </bdi>
      </Text>
    );
  });
}

/** Some of a comment on both sides of what matched. */
function surroundings({ comment }: ListedDossier, { field, start, end }: DossierMatch): { before: string; after: string } {
  if (field !== 'comment') return { before: '', after: '' };
  const from = Math.max(0, start - around);
  const to = Math.min(comment.length, end + around);
  return {
    before: (from > 0 ? '…' : '') + comment.slice(from, start),
    after: comment.slice(end, to) + (to < comment.length ? '…' : ''),
  };
}
