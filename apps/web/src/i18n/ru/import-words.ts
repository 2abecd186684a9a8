import { photoSentences } from './photo-words.ts';

type Sentence = readonly [RegExp, string];

const names = {
  external_id: 'внешний номер',
  name: 'ФИО',
  comment: 'комментарий',
  active: '«активно»',
  valid_from: '«действует с»',
  valid_until: '«действует по»',
  meta: 'поля',
  photos: 'фото',
  photo: 'фото',
} as const;

/** What a reason begins with: of which field or photo it is, or to which line its row goes. */
const places: readonly Sentence[] = [
  [/^\(to line (\d+)\) /, '(до строки $1) '],
  [/^meta\.(.+?): /, '«$1»: '],
  [/^the photo ("?.+?"?): /, 'фото $1: '],
  ...Object.entries(names).map(([field, name]): Sentence => [new RegExp(`^${field}: `), `${name}: `]),
];

const faults: readonly Sentence[] = [
  [/^is missing$/, 'не указано'],
  [/^is no JSON object$/, 'это не объект JSON'],
  [/^is not JSON: .*$/s, 'это не JSON: нет кавычки, запятой или скобки, или есть лишняя'],
  [/^is not valid UTF-8.*$/, 'это не UTF-8; выберите кодировку'],
  [/^is not valid CSV: a quote is never closed.*$/, 'кавычка не закрыта'],
  [
    /^is not valid CSV: a quote stands where none may be.*$/,
    'кавычка стоит не на месте; внутри поля кавычки удваиваются, а само поле берётся в кавычки',
  ],
  [/^begins here and never ends.*$/, 'начинается здесь и не кончается: нет скобки или кавычки'],
  [/^holds several JSON objects.*$/, 'здесь несколько объектов JSON; каждому нужна своя строка'],
  [
    /^is an object around a list, not a person; give the list (.+) by itself$/,
    'это не человек, а обёртка вокруг списка; нужен сам список $1',
  ],
  [/^must have at least 1 character$/, 'не может быть пустым'],
  [/^must have at most (\d+) characters$/, 'не больше $1 знаков'],
  [/^must hold something that can be seen.*$/, 'нужно хотя бы что-то видимое, а не одни пробелы'],
  [/^must be a date that exists.*$/, 'нужна дата, которая есть в календаре, например 2026-12-31'],
  [/^(\d{4}-\d\d-\d\d) is before valid_from \((\d{4}-\d\d-\d\d)\).*$/, '$1 раньше начала срока ($2)'],
  [/^must be true or false.*$/, 'нужно true или false'],
  [/^must be a number.*$/, 'нужно число'],
  [/^must be a text.*$/, 'нужен текст'],
  [/^must be one of (.+?)(?:, as the watch list .*)?$/, 'нужно одно из: $1'],
  [/^is required.*$/, 'нужно заполнить'],
  [/^must be a JSON object$/, 'нужен объект JSON'],
  [/^must be a JSON array of paths$/, 'нужен массив путей в JSON'],
  [/^Invalid input: expected .*$/, 'значение не того вида'],
  [/^Invalid input$/, 'значение не подходит'],
  [/^Too (?:big|long): .*$/, 'слишком много'],
  [/^PostgreSQL refuses it: (.*)$/s, 'база данных не принимает: $1'],
  [/^must name a file$/, 'нужно имя файла'],
  [/^holds the character U\+0000.*$/, 'в тексте знак U+0000, который нельзя сохранить'],
  [/^holds half of a surrogate pair.*$/, 'в тексте оборванный знак Юникода'],
  [/^holds line breaks and as many fields as rows have.*$/, 'похоже, кавычка одной строки закрыта в другой'],
  [/^names the photo (.+), but no photos were given.*$/, 'названо фото $1, но фото с файлом не переданы: выберите папку или zip'],
  [/^the photo (.+) is not there$/, 'фото $1: такого файла нет'],
  [/^the photo (.+) is no file$/, 'фото $1: это не файл'],
  [/^the photo (.+) lies outside of the folder of the photos$/, 'фото $1: лежит вне папки с фото'],
  [/^the photo (.+) is damaged in the zip$/, 'фото $1: повреждено в zip'],
  [/^the photo (.+) can't be read.*$/, 'фото $1: не читается'],
  [/^the photo (.+) has too long a name$/, 'фото $1: слишком длинное имя'],
  ...photoSentences,
];

/** Why a row of a file is refused; as the node says it where that isn't known. */
export function refusal(reason: string): string {
  const place = places.find(([pattern]) => pattern.test(reason));
  const fault = place === undefined ? reason : reason.replace(place[0], '');
  const known = faults.find(([pattern]) => pattern.test(fault));
  if (known === undefined) return reason;
  const where = place === undefined ? '' : reason.slice(0, reason.length - fault.length).replace(...place);
  return where + fault.replace(...known);
}
