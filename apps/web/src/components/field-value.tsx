import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { z } from 'zod';
import { shownLines } from '@dossier/domain/shown-text.ts';
import { rememberedPhotoSchema } from '@dossier/protocol/history.ts';
import type { RememberedPhoto } from '@dossier/protocol/history.ts';
import { useListName } from '../api/watch-lists.ts';
import { useWriting } from '../format/moments.ts';
import classes from './changes.module.css';
import { FieldsValue, WordsValue } from './declaration-value.tsx';
import { isEmpty } from './differences.ts';
import { Name } from './name.tsx';

const photosShape = z.array(rememberedPhotoSchema);
const listsShape = z.array(z.int());

/** A value of a field of a dossier or a list as people read it. */
export function FieldValue({ field, value }: { field: string; value: unknown }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const nameOf = useListName();
  if (isEmpty(value)) return <em className={classes.none}>{t('history.empty')}</em>;
  if (field === 'photos') {
    return (
      <span className={classes.photos}>
        {photosShape.parse(value).map((photo) => (
          <Thumbnail key={photo.sha256} photo={photo} />
        ))}
      </span>
    );
  }
  if (field === 'dossier_lists') {
    return (
      <>
        {listsShape.parse(value).map((id, index) => (
          <span key={id}>
            {index > 0 && ', '}
            <Name>{nameOf(id)}</Name>
          </span>
        ))}
      </>
    );
  }
  if (field === 'fields') return <FieldsValue value={value} />;
  if (field === 'instruction') return <WordsValue value={value} />;
  if (typeof value === 'boolean') return <>{t(value ? 'common.yes' : 'common.no')}</>;
  if ((field === 'valid_from' || field === 'valid_until') && typeof value === 'string') return <>{writing.day(value)}</>;
  return <bdi>{shownLines(typeof value === 'string' ? value : JSON.stringify(value))}</bdi>;
}

/** A photo of then, as long as it is in the store. */
function Thumbnail({ photo }: { photo: RememberedPhoto }) {
  const { t } = useTranslation();
  const [gone, setGone] = useState(photo.thumbnail === null);
  if (gone || photo.thumbnail === null) return <>{t('history.photoGone', { address: photo.sha256.slice(0, 8) })}</>;
  // On this node, whatever name it is called by.
  return <img className={classes.photo} src={new URL(photo.thumbnail).pathname} alt={t('history.photo')} onError={() => setGone(true)} />;
}

/** Of what a field is: a list has a name, and a person, too. */
export type Subject = 'dossier' | 'list';

/** The heading of a field. */
export function useFieldName(subject: Subject): (field: string, custom: boolean) => string {
  const { t, i18n } = useTranslation();
  return (field, custom) => {
    if (!custom && field === 'name') return t(subject === 'list' ? 'common.name' : 'common.personName');
    const key = `history.fields.${field}`;
    return !custom && i18n.exists(key) ? t(key as 'history.fields.comment') : field;
  };
}
