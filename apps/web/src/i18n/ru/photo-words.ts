const saveAnew = 'Откройте его в программе для картинок, сохраните как JPEG и добавьте этот файл.';
const only = 'принимаются только JPEG, PNG и WebP.';

/** Why a photo is not taken. */
export const photoSentences: readonly (readonly [RegExp, string])[] = [
  [
    /^This is a HEIC picture.*/,
    `Это снимок HEIC, как их делает iPhone; ${only} Отправьте его с телефона как JPEG (Настройки, Камера, Форматы: «Наиболее совместимый») или сохраните как JPEG в программе для картинок.`,
  ],
  [/^This is an? (AVIF|GIF|TIFF|BMP|JPEG XL|JPEG 2000) picture.*/, `Это картинка $1; ${only} ${saveAnew}`],
  [/^This is an SVG drawing.*/, `Это рисунок SVG; ${only} ${saveAnew}`],
  [/^This is a Photoshop file.*/, `Это файл Photoshop; ${only} Выгрузите из него картинку как JPEG и добавьте этот файл.`],
  [/^This is a PDF document.*/, `Это документ PDF; ${only} Сохраните картинку из него как JPEG и добавьте этот файл.`],
  [/^This is a file of the kind "(\w+)".*/, `Это файл вида «$1»; ${only} ${saveAnew}`],
  [/^This is no picture that is known here.*/, `Это не картинка; ${only} ${saveAnew}`],
  [
    /^The photo is damaged or cut off.*/,
    'Фото повреждено или обрезано: дочитать его нельзя. Возьмите файл ещё раз там, откуда он, или сохраните его как JPEG в программе для картинок.',
  ],
  [/^The photo has (\d+) x (\d+) pixels; at most (\d+).*/, 'В фото $1 × $2 точек; сторона может быть не больше $3. Сохраните его меньшим.'],
  [
    /^The photo has too many pixels; at most (\d+).*/,
    'В фото слишком много точек; сторона может быть не больше $1. Сохраните его меньшим.',
  ],
  [/^The photo has (?:more than )?[\d.]+ MB.*/, 'Фото больше 10 МБ. Сохраните его меньшим.'],
  [/^The photo has no bytes.*/, 'Файл пуст.'],
  [/^The photo (?:takes longer|would take|is a JPEG of more than).*/, `Фото слишком тяжело прочесть. ${saveAnew}`],
  [/^Dossier \d+ has (\d+) photos already.*/, 'У досье уже $1 фото, больше не хранится.'],
  [/^photos: an order names each photo.*/, 'Тем временем фото добавили или удалили. Порядок не изменён; попробуйте ещё раз.'],
];
