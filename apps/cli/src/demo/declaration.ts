import type { Declaration } from '@dossier/domain/declaration.ts';
import { sites } from './people.ts';

/** What the sample watch list declares of the people in it, and what to do when one of them comes. */
export const sampleDeclaration: Declaration = {
  fields: [
    { name: 'site', label: { en: 'Site', ru: 'Объект' }, type: 'choice', choices: sites, required: false, shown_in_table: true },
    { name: 'badge', label: { en: 'Badge', ru: 'Пропуск' }, type: 'number', required: false, shown_in_table: true },
    { name: 'born', label: { en: 'Year of birth', ru: 'Год рождения' }, type: 'number', required: false, shown_in_table: false },
    {
      name: 'escort',
      label: { en: 'Only with an escort', ru: 'Только с сопровождением' },
      type: 'yes_no',
      required: false,
      shown_in_table: false,
    },
  ],
  instruction: {
    en: 'Compare the face with the photos, and ask for the badge.\nIf they don’t fit, let nobody in and call the head of the shift: 4711.',
    ru: 'Сравните лицо с фотографиями и попросите пропуск.\nЕсли не сходится, не пропускайте и позвоните начальнику смены: 4711.',
  },
};
