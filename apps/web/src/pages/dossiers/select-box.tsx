import type { ChangeEvent, KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import { letterOf } from '../../components/typing.ts';
import classes from './dossier-table.module.css';
import type { Selection } from './selection.ts';

function isShifted({ nativeEvent }: ChangeEvent): boolean {
  return 'shiftKey' in nativeEvent && nativeEvent.shiftKey === true;
}

/** The cell of a row by which it is chosen; with Shift as a range. */
export function SelectBox({ selection, dossier, index }: { selection: Selection; dossier: Dossier; index: number }) {
  const { t } = useTranslation();
  return (
    <td className={classes.box}>
      <label>
        <input
          type="checkbox"
          checked={selection.has(dossier)}
          onChange={(event) => selection.toggle(index, { range: isShifted(event) })}
          aria-label={t('bulk.select', { name: shownText(dossier.name) })}
          data-selects={index}
        />
      </label>
    </td>
  );
}

/** The head of the column: chooses all that are loaded, or none. */
export function SelectLoaded({ selection, dossiers }: { selection: Selection; dossiers: readonly Dossier[] }) {
  const { t } = useTranslation();
  const all = dossiers.every(selection.has);
  return (
    <th scope="col" className={classes.box} aria-label={t('bulk.column')}>
      <label title={t('bulk.hint')}>
        <input
          type="checkbox"
          checked={all}
          ref={(input) => {
            if (input) input.indeterminate = !all && selection.count > 0;
          }}
          onChange={() => (all ? selection.clear() : selection.chooseLoaded())}
          aria-label={t('bulk.selectAll')}
        />
      </label>
    </th>
  );
}

interface SelectionKeys {
  readonly selection: Selection;
  /** How many rows are loaded. */
  readonly rows: number;
  /** Brings a row into sight. */
  readonly show: (index: number) => void;
}

/** Ctrl+A chooses all that are loaded; from box to box go the arrows, with Shift choosing what they pass. */
export function useSelectionKeys({ selection, rows, show }: SelectionKeys): (event: KeyboardEvent<HTMLElement>) => void {
  return (event) => {
    const { key, target, shiftKey, currentTarget } = event;
    if (letterOf(event) === 'a' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      selection.chooseLoaded();
      return;
    }
    const place = target instanceof HTMLElement ? target.dataset['selects'] : undefined;
    if (place === undefined || (key !== 'ArrowDown' && key !== 'ArrowUp')) return;
    event.preventDefault();
    const next = Number(place) + (key === 'ArrowDown' ? 1 : -1);
    if (next < 0 || next >= rows) return;
    if (shiftKey) selection.extend(next);
    show(next);
    const focus = (): void => currentTarget.querySelector<HTMLElement>(`[data-selects="${next}"]`)?.focus();
    focus();
    // Out of sight it is drawn with the next frame.
    window.requestAnimationFrame(focus);
  };
}
