import { createRandom, pick } from './random.ts';

/** A generated person, as a line of an import file. */
export interface DemoPerson {
  external_id: string;
  name: string;
  comment: string;
  active: boolean;
  meta: { [key: string]: string | number };
  photo?: string;
}

type Words = readonly [string, ...string[]];
interface Naming {
  given: Words;
  family: Words;
  familyFirst?: true;
}

const namings: readonly [Naming, ...Naming[]] = [
  {
    given: ['Ada', 'Bruno', 'Clara', 'Dario', 'Elsa', 'Femi', 'Greta', 'Hugo', 'Ines', 'Jonas', 'Kira', 'Leon'],
    family: ['Almeida', 'Berger', 'Castell', 'Dunmore', 'Eklund', 'Fabre', 'Grünwald', 'Hollis', 'Iversen', 'Jansson', 'Kovács', 'O’Neill'],
  },
  {
    given: ['Анна', 'Борис', 'Вера', 'Глеб', 'Дарья', 'Егор', 'Жанна', 'Игорь'],
    family: ['Белых', 'Верес', 'Гринько', 'Долгих', 'Жук', 'Звягин', 'Крамар', 'Лозовой'],
  },
  {
    given: ['Αλέξης', 'Βασιλική', 'Γιώργος', 'Δάφνη', 'Ελένη', 'Ζωή'],
    family: ['Αγγέλου', 'Βλάχος', 'Γεωργίου', 'Δήμου', 'Ιωάννου', 'Καραμάνος'],
  },
  { given: ['أمين', 'بسمة', 'داود', 'هالة', 'كريم', 'ليلى'], family: ['الحداد', 'النجار', 'الخياط', 'العطار', 'الفارس', 'الصباغ'] },
  { given: ['愛', '健太', '直子', '陽介', '美咲', '大輔'], family: ['青木', '石川', '上田', '小川', '川口', '中野'], familyFirst: true },
];

const reasons: Words = [
  'May visit the workshop only with an escort.',
  'Lost badge 4711, the old one is blocked.',
  'Lorry driver, gate 3, deliveries before noon.',
  'Guest of the board; call the front desk on arrival.',
  'Barred from the premises until further notice.',
  'Contractor for the cranes, papers checked in spring.',
];
/** Where people may be. */
export const sites: Words = ['Harbour', 'North gate', 'Office', 'Ship “Aurora”', 'Warehouse 7'];

/** The share of people who have a drawn portrait: several hundred of several thousand. */
const portraitShare = 0.1;

/** Invented people, always the same for a prefix and a seed. Every name is put together at random; nobody real is meant. */
export function generatePeople(count: number, prefix: string, seed = 20261123): DemoPerson[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const naming = pick(random, namings);
    const [given, family] = [pick(random, naming.given), pick(random, naming.family)];
    const number = String(index + 1).padStart(5, '0');
    return {
      external_id: `${prefix}-${number}`,
      name: naming.familyFirst ? `${family} ${given}` : `${given} ${family}`,
      comment: pick(random, reasons),
      active: random() > 0.03,
      meta: { site: pick(random, sites), badge: 10_000 + Math.floor(random() * 90_000), born: 1950 + Math.floor(random() * 55) },
      ...(random() < portraitShare && { photo: `${number}.jpg` }),
    };
  });
}
