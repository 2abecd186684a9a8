import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generatePeople } from './people.ts';
import { drawPortrait } from './portrait.ts';

const drawnAtOnce = 4;

/** The files of a sample watch list: an import file and the folder of its photos. */
export interface Sample {
  file: string;
  photos: string;
  people: number;
  portraits: number;
}

/** Apart from each other, so that no two lists of the demo have a portrait in common. */
const portraitsOf: Readonly<Record<string, number>> = { demo: 0, harbour: 1_000_000, fleet: 2_000_000 };

/** Writes the files of one of the demo's watch lists. */
export async function writeSample(folder: string, count: number, prefix: string): Promise<Sample> {
  const first = portraitsOf[prefix] ?? 0;
  const people = generatePeople(count, prefix, 20_261_123 + first);
  const photos = join(folder, 'photos');
  await mkdir(photos, { recursive: true });
  const names = people.map((person) => person.photo).filter((photo) => photo !== undefined);
  const queue = names.values();
  await Promise.all(
    Array.from({ length: drawnAtOnce }, async () => {
      for (const name of queue) await writeFile(join(photos, name), await drawPortrait(first + Number.parseInt(name, 10)));
    }),
  );
  const file = join(folder, 'people.jsonl');
  await writeFile(file, people.map((person) => `${JSON.stringify(person)}\n`).join(''));
  return { file, photos, people: people.length, portraits: names.length };
}
