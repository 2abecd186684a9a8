import { ActionIcon, Group } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import type { Neighbours } from './neighbours.ts';

interface NeighbourButtonsProps {
  readonly neighbours: Neighbours;
  /** Who is shown now; undefined until that is known. */
  readonly name: string | undefined;
}

/** The buttons that lead to the dossiers before and after; at an end a button stays, and keeps the focus. */
export function NeighbourButtons({ neighbours, name }: NeighbourButtonsProps) {
  const { t } = useTranslation();
  const ways = [
    { way: 'previous', key: 'K', arrow: 'ArrowLeft', icon: IconChevronLeft },
    { way: 'next', key: 'J', arrow: 'ArrowRight', icon: IconChevronRight },
  ] as const;
  return (
    <Group gap={4} mb="sm">
      {ways.map(({ way, key, arrow, icon: Icon }) => (
        <ActionIcon
          key={way}
          variant="default"
          size="lg"
          aria-label={t(`hotkeys.${way}`)}
          aria-keyshortcuts={`${key} ${arrow}`}
          title={`${t(`hotkeys.${way}`)} (${key})`}
          aria-disabled={neighbours[way] === undefined}
          aria-busy={way === 'next' && neighbours.reading}
          data-way={way}
          {...(neighbours[way] === undefined && { 'data-disabled': true })}
          onClick={() => neighbours[way]?.()}
        >
          <Icon size={18} aria-hidden />
        </ActionIcon>
      ))}
      <span className="unseen" role="status">
        {name !== undefined && shownText(name)}
      </span>
    </Group>
  );
}
