import { useTranslation } from 'react-i18next';
import type { HistoryValues } from '@dossier/protocol/history.ts';
import classes from './changes.module.css';
import { differencesOf } from './differences.ts';
import { FieldValue, useFieldName } from './field-value.tsx';
import type { Subject } from './field-value.tsx';

interface ChangesProps {
  readonly before: HistoryValues;
  readonly after: HistoryValues;
  readonly of?: Subject;
}

/** What became of something, field by field: what was, and what it became. */
export function Changes({ before, after, of = 'dossier' }: ChangesProps) {
  const { t } = useTranslation();
  const nameOf = useFieldName(of);
  const differences = differencesOf(before, after);
  if (differences.length === 0) return null;
  return (
    <dl className={classes.changes}>
      {differences.map(({ field, custom, was, becomes }) => (
        <div key={`${custom} ${field}`}>
          <dt>{nameOf(field, custom)}</dt>
          <dd>
            {before !== null && (
              <del className={classes.was}>
                <span className="unseen">{t('history.before')}: </span>
                <FieldValue field={custom ? '' : field} value={was} />
              </del>
            )}
            {before !== null && after !== null && <span aria-hidden>→</span>}
            {after !== null && (
              <ins className={classes.becomes}>
                <span className="unseen">{t('history.after')}: </span>
                <FieldValue field={custom ? '' : field} value={becomes} />
              </ins>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
