import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { recordDamage } from '@dossier/accounts/audit.ts';
import { GuardedPhotos } from '@dossier/photos/guarded-photos.ts';
import { bookDamagedPhotos } from '@dossier/registry/damaged-photos.ts';
import { photosOf } from './content.ts';
import { shownPhotos } from './observation.ts';
import type { Seed } from './seed.ts';
import { require } from './violation.ts';
import { logger } from './world.ts';

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A disk or a person puts something else in the place of a photo. */
export async function damagePhoto(seed: Seed): Promise<void> {
  const { random, composer, world, replica } = seed;
  const side = random.pick(['slave', 'slave', 'master'] as const);
  const shown = shownPhotos(replica.last).map((photo) => photo.sha256);
  const photos = side === 'slave' ? shown : [...composer.photoBytes.keys()];
  if (photos.length === 0) return;
  const store = side === 'slave' ? world.slavePhotos : world.masterPhotos;
  const sha256 = random.pick(photos);
  const bytes = composer.photoBytes.get(sha256) ?? Buffer.alloc(0);
  const other = composer.photoBytes.get(random.pick(photos)) ?? Buffer.alloc(0);
  const wrong = random.pick([Buffer.alloc(0), bytes.subarray(0, -1), Buffer.alloc(bytes.length), Buffer.alloc(bytes.length), other]);
  if (wrong.equals(bytes) || !(await store.has(sha256))) return;
  await writeFile(store.path(sha256) ?? '', wrong);
  await seed.step(`photo ${sha256.slice(0, 8)} of the ${side} is overwritten`);
}

/** Somebody looks at a photo of the slave. */
export async function lookAtPhoto(seed: Seed): Promise<void> {
  const { random, api, replica, world } = seed;
  const photos = shownPhotos(replica.last);
  if (photos.length === 0) return;
  const { sha256, bytes } = random.pick(photos);
  const guarded = new GuardedPhotos(world.slavePhotos, (findings) => bookDamagedPhotos(api.database, findings, recordDamage), logger);
  seed.act('look', async () => {
    const shown = await guarded.read({ sha256, bytes }, Buffer.alloc);
    require(16, shown === null || hashOf(shown) === sha256, () => `somebody is shown another photo than ${sha256}`);
    return [];
  });
  await seed.step(`somebody looks at photo ${sha256.slice(0, 8)}`);
}

/** Of a list that was just verified every photo is what it should be. */
export async function requireWholePhotos({ replica, world }: Seed, list: number): Promise<void> {
  for (const { sha256 } of Array.from(replica.last.lists.get(list)?.values() ?? []).flatMap(({ content }) => photosOf(content))) {
    const found = hashOf(await readFile(world.slavePhotos.path(sha256) ?? ''));
    require(16, found === sha256, () => `list ${list} was verified with ${found} in the place of the photo ${sha256}`);
  }
}

/** A photo is here before the dossier that shows it, or is known to be missing. */
export async function requireKnownPhotos({ replica, world }: Seed): Promise<void> {
  const seen = replica.last;
  const known = new Set(Array.from(seen.missingPhotos.values()).flatMap((photos) => [...photos]));
  const wanted = shownPhotos(seen).map((photo) => photo.sha256);
  const here = await Promise.all(wanted.map((sha256) => world.slavePhotos.has(sha256)));
  const unknown = wanted.find((sha256, index) => !here[index] && !known.has(sha256));
  require(13, unknown === undefined, () => `a dossier shows photo ${unknown}, which is neither here nor known to be missing`);
}
