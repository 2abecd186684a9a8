import { useTranslation } from 'react-i18next';
import classes from './colour-choice.module.css';

const colours = {
  none: '',
  red: '#d64545',
  orange: '#d9822b',
  yellow: '#e0b400',
  green: '#2b9a66',
  teal: '#0b8a7d',
  blue: '#2f77b3',
  violet: '#7a55c7',
  grey: '#7b8794',
} as const;

/** The colour by which people tell the list from others. */
export function ColourChoice({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation();
  const known = Object.values<string>(colours).includes(value);
  const choices = Object.entries<string>(colours);
  return (
    <fieldset className={classes.field}>
      <legend>{t('watchLists.colour')}</legend>
      {choices.map(([name, colour]) => (
        <label key={name} className={classes.choice} style={{ backgroundColor: colour === '' ? undefined : colour }}>
          <input
            type="radio"
            name="colour"
            checked={value === colour}
            onChange={() => onChange(colour)}
            aria-label={t(`watchLists.colours.${name as keyof typeof colours}`)}
          />
        </label>
      ))}
      {!known && (
        <label className={classes.choice} style={{ backgroundColor: value }}>
          <input type="radio" name="colour" checked readOnly aria-label={value} />
        </label>
      )}
    </fieldset>
  );
}
