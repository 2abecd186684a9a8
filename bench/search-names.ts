import { importDossiers } from '@dossier/registry/import.ts';
import type { ImportedDossier } from '@dossier/registry/import.ts';
import type { BenchNode } from './workshop.ts';

const batch = 2000;
const starts = [
  'Alek',
  'Mo',
  'Kat',
  'Jo',
  'Wal',
  'Ser',
  'Gi',
  'Mar',
  'Ni',
  'Tat',
  'Vla',
  'Zhan',
  'Ibra',
  'Ste',
  'Lu',
  'Fa',
  'Ro',
  'Be',
  'Ha',
  'Da',
];
const middles = ['sei', 'ham', 'ri', 'han', 'to', 'ge', 'or', 'ko', 'na', 'mi', 'le', 'sa', 'ven', 'du', 'shi'];
const ends = ['ov', 'ski', 'na', 'med', 'son', 'ez', 'ich', 'er', 'a', 'us', 'yan', 'shvili', 'enko', 'oglu', 'berg'];
const foreign = ['Алексей', 'Мохаммед', 'Γιώργος', 'გიორგი', 'محمد', '王小明', 'Müller', 'Wałęsa', 'Юлия', 'Nguyễn'];
const remarks = [
  'seen at the north gate',
  'предъявил чужой паспорт',
  'drives a grey lorry',
  'ask for the supervisor',
  'travels with a companion',
];

/** Always the same for the same number; about 4,500 different names of each kind, as often as names are: a few very often, most of them seldom. */
function nameAt(number: number, kind: number): string {
  const skewed = Math.floor(
    ((Math.imul(number * 2 + kind, 2_654_435_761) >>> 0) / 2 ** 32) ** 3 * starts.length * middles.length * ends.length,
  );
  const [start, middle, end] = [
    skewed % starts.length,
    Math.floor(skewed / starts.length) % middles.length,
    Math.floor(skewed / (starts.length * middles.length)),
  ];
  return `${starts[start]}${middles[middle]}${ends[end % ends.length]}`;
}

/** The n-th name: given and family name, and in every tenth one in another script. */
function fullName(number: number): string {
  const given = number % 10 === 0 ? foreign[(number / 10) % foreign.length] : nameAt(number, 0);
  return `${given} ${nameAt(number, 1)}`;
}

/** The n-th person: a name as people have, a comment, an external id and some fields. */
export function nameRow(number: number): ImportedDossier {
  return {
    externalId: `K-${number}`,
    name: fullName(number),
    comment: `${remarks[number % remarks.length]}, ${remarks[(number * 7) % remarks.length]}`,
    active: true,
    meta: {
      document: `P${Math.imul(number, 7919) >>> 0}`,
      office: `office ${number % 40}`,
      born: `19${40 + (number % 60)}-0${1 + (number % 9)}-1${number % 10}`,
    },
    photos: undefined,
  };
}

/** Fills a list with such people. */
export async function fillSearchList(master: BenchNode, { id, count }: { id: number; count: number }): Promise<void> {
  for (let from = 0; from < count; from += batch) {
    const dossiers = Array.from({ length: Math.min(batch, count - from) }, (_, index) => nameRow(from + index));
    await importDossiers(master.database, { listId: id, dossiers });
  }
}

/** What people type: a word, its beginning, with an error, two words, an id. */
export function typedWords(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const number = (index * 104_729) % 90_000;
    const word = index % 3 === 0 ? nameAt(number, 1) : nameAt(number, 0);
    const ways = [
      () => word,
      () => word.slice(0, 3),
      () => word.slice(0, 5),
      () => `${word.slice(0, 2)}${word.slice(3)}`,
      () => fullName(number).split(' ').toReversed().join(' '),
      () => `K-${number}`,
      () => ['aleksei', 'muhammad', 'giorgi', 'walesa', 'mueller', 'yulia'][index % 6] ?? '',
      () => `${nameAt(number, 1)} lorry`,
      () => 'gate',
      () => word.replace(/[aeiou]/, 'y'),
    ];
    return ways[index % ways.length]?.() ?? word;
  });
}
