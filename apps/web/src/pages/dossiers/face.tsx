import { IconUser } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import { photoAddress } from '../../api/photos.ts';
import classes from './face.module.css';

/** The face of a dossier beside its name, which says who it is. */
export function Face({ dossier: { face } }: { dossier: Pick<Dossier, 'face'> }) {
  const { t } = useTranslation();
  if (face !== null) return <img className={classes.face} src={photoAddress(face, 'thumbnail')} alt="" />;
  return (
    <span className={classes.face}>
      <IconUser size={20} aria-hidden />
      <span className="unseen">{t('dossiers.noPhoto')}</span>
    </span>
  );
}
