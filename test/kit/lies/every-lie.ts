import type { LieCase } from './case.ts';
import { inComparisons } from './in-comparisons.ts';
import { inDossiers } from './in-dossiers.ts';
import { inHeads } from './in-heads.ts';
import { inPages } from './in-pages.ts';
import { inPhotos } from './in-photos.ts';
import { onTheWire } from './on-the-wire.ts';

/** Every lie that a slave has to refuse. */
export const lies: readonly LieCase[] = [...onTheWire, ...inHeads, ...inPages, ...inDossiers, ...inComparisons, ...inPhotos];
