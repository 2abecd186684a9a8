import { Paper } from '@mantine/core';
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { IconUser } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { photoAddress } from '../../api/photos.ts';
import type { DossierViewProps } from './dossier-table.tsx';
import { Marked } from './marked.tsx';
import type { ListedDossier } from './marked.tsx';
import classes from './photo-grid.module.css';
import { useRowInSight } from './row-in-sight.ts';
import { ValidityMark } from './validity.tsx';

const tileWidth = 164;
const rowHeight = 212;
/** Rows below the last visible one at which the next page is asked for. */
const ahead = 20;

/** Dossiers as faces, of which only those in sight are on the page. */
export function PhotoGrid({ dossiers, total, onNearEnd }: DossierViewProps) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const { ref, width } = useElementSize<HTMLDivElement>();
  const merged = useMergedRef(scroller, ref);
  const columns = Math.max(2, Math.floor(width / tileWidth));
  const rows = useVirtualizer({
    count: Math.ceil(dossiers.length / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 2,
  });
  useRowInSight(dossiers, (place) => rows.scrollToIndex(Math.floor(place / columns)));
  const visible = rows.getVirtualItems();
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= Math.ceil(dossiers.length / columns) - ahead) onNearEnd();
  });
  return (
    <Paper withBorder ref={merged} className={classes.scroller ?? ''} tabIndex={0} role="region" aria-label={t('dossiers.title')}>
      <ul className={classes.space} style={{ height: rows.getTotalSize() }}>
        {visible.flatMap(({ index, start }) =>
          Array.from({ length: columns }, (_, column) => index * columns + column).map((place) => {
            const dossier = dossiers[place];
            // Copies that differ come one after another, all with one id.
            return (
              dossier && (
                <Tile
                  key={place}
                  dossier={dossier}
                  place={{ top: start, left: `${((place % columns) / columns) * 100}%`, width: `${100 / columns}%` }}
                  position={place + 1}
                  total={total}
                />
              )
            );
          }),
        )}
      </ul>
    </Paper>
  );
}

interface TileProps {
  readonly dossier: ListedDossier;
  readonly place: { top: number; left: string; width: string };
  readonly position: number;
  readonly total: number | null;
}

function Tile({ dossier, place, position, total }: TileProps) {
  const { t } = useTranslation();
  return (
    <li className={classes.tile} style={place} aria-posinset={position} aria-setsize={total ?? -1}>
      <Link
        to="/dossiers"
        search={(before) => ({ ...before, open: dossier.id })}
        resetScroll={false}
        className={classes.link ?? ''}
        data-opens={dossier.id}
      >
        {dossier.face !== null ? (
          <img src={photoAddress(dossier.face, 'thumbnail')} alt="" className={classes.photo} />
        ) : (
          <span className={classes.photo}>
            <IconUser size={40} aria-hidden />
            <span className="unseen">{t('dossiers.noPhoto')}</span>
          </span>
        )}
        <span className={classes.name}>
          <Marked text={dossier.name} field="name" matches={dossier.matches} />
          <ValidityMark dossier={dossier} />
        </span>
      </Link>
    </li>
  );
}
