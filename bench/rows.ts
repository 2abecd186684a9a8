import { createHash } from 'node:crypto';
import type { PhotoContent } from '@dossier/domain/photo.ts';
import type { ImportedDossier } from '@dossier/registry/import.ts';

/** A dossier of a benchmark, with a uuid of its own for the peers, which have no one to draw it. */
export type BenchDossier = ImportedDossier & {
  readonly uuid: string;
  readonly externalId: string;
  readonly comment: string;
  readonly active: boolean;
  readonly meta: Readonly<Record<string, string | number | boolean>>;
  readonly photos: readonly PhotoContent[];
};

const givenNames = ['Anna', 'Богдан', 'Çelik', 'David', 'Élodie', 'Fatima', 'Georg', 'Hana', 'Иван', 'José', 'Kofi', 'Łucja'];
const familyNames = [
  'Abramović',
  'Baker',
  'Császár',
  'Diaz',
  'Ельцова',
  'Fischer',
  "O'Grady",
  'Horvat',
  'Ivanova',
  'Jørgensen',
  'Kowalski',
];
const remarks = [
  'Seen at the "north" gate twice, once with a companion',
  "travels under a second name; don't rely on the document alone",
  'reported by the harbour office,\tsee the attached note',
  'предъявил паспорт другого государства',
  'vehicle with a foreign plate, last seen going east',
  'ask for the supervisor on duty before any contact',
];

/**
 * The n-th dossier of a list, always the same for the same list and number: 560 bytes as JSON with its dates on average, and 1 or 2 photos with 512
 * base64 characters of features each.
 * @param photos what exists; each dossier refers to some of them
 */
export function benchDossier(list: string, number: number, photos: readonly PhotoContent[]): BenchDossier {
  // One extendable hash gives all the bytes that a dossier needs.
  const bytes = createHash('shake256', { outputLength: 832 }).update(`${list} ${number}`).digest();
  const word = (at: number): number => bytes.readUInt32LE(at * 4);
  const photoCount = number % 2 === 0 ? 1 : 2;
  return {
    uuid: uuidOf(number, bytes.subarray(32, 42)),
    externalId: `${list}-${number}`,
    name: `${givenNames[word(0) % givenNames.length]} ${familyNames[word(1) % familyNames.length]} ${number}`,
    comment: [2, 3, 4].map((at) => remarks[word(at) % remarks.length]).join('. '),
    active: number % 50 !== 0,
    meta: {
      nationality: ['DE', 'RU', 'HR', 'MX', 'GH', 'PL'][word(5) % 6] ?? 'DE',
      born: `19${40 + (word(6) % 60)}-0${1 + (word(6) % 9)}-1${word(7) % 10}`,
      document: `P${word(7)}`,
      priority: word(2) % 5,
      armed: word(3) % 17 === 0,
      case: `2026/${word(4) % 100_000}`,
      height_cm: 150 + (word(0) % 50),
      office: `office-${word(1) % 40}`,
      languages: ['de,en', 'ru', 'hr,en,it', 'es'][word(5) % 4] ?? 'de,en',
      round: 0,
    },
    photos: photosOf(photos, { first: word(6), count: photoCount, features: bytes.subarray(64) }),
  };
}

/** The dossiers of a list with the numbers from 0 up to `count`, in parts of at most `size`. */
export function* benchDossiers(list: string, count: number, options: { size: number; photos: readonly PhotoContent[] }) {
  for (let from = 0; from < count; from += options.size) {
    const length = Math.min(options.size, count - from);
    yield Array.from({ length }, (_, index) => benchDossier(list, from + index, options.photos));
  }
}

/** Like those that the product draws: of version 7, new ones side by side in an index. */
function uuidOf(number: number, random: Buffer): string {
  const milliseconds = (1_767_225_600_000 + Math.floor(number / 2)).toString(16).padStart(12, '0');
  const hex = milliseconds + random.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function photosOf(known: readonly PhotoContent[], chosen: { first: number; count: number; features: Buffer }): PhotoContent[] {
  return Array.from({ length: chosen.count }, (_, index) => {
    const photo = known[(chosen.first + index) % known.length];
    if (!photo) throw new RangeError('a dossier needs photos that exist');
    return { ...photo, features: chosen.features.subarray(index * 384, (index + 1) * 384).toString('base64') };
  });
}
