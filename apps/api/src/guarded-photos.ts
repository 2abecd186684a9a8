import { recordDamage } from '@dossier/accounts/audit.ts';
import { GuardedPhotos } from '@dossier/photos/guarded-photos.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { bookDamagedPhotos } from '@dossier/registry/damaged-photos.ts';
import type { Logger } from '@dossier/runtime/logger.ts';

/** The photos of a node as others may have them: whole, or not there. What isn't whole is booked in the node's database. */
export function guardPhotos({ photos, database, logger }: { photos: PhotoStore; database: Database; logger: Logger }): GuardedPhotos {
  return new GuardedPhotos(photos, (findings) => bookDamagedPhotos(database, findings, recordDamage), logger);
}
