import type { Readable } from 'node:stream';
import type { PhotoFinding } from '@dossier/photos/guarded-photos.ts';
import type { PhotoIdentity } from '@dossier/photos/photo-damaged.ts';

/** Where the slave keeps photos. */
export interface PhotoTarget {
  /** Those that aren't whole here. Their files are read and hashed; what is in the place of a photo is booked and set apart. */
  lacking(photos: readonly PhotoIdentity[], signal: AbortSignal): Promise<PhotoFinding[]>;
  /** Books photos that dossiers show here and that are absent. */
  bookAbsent(findings: readonly PhotoFinding[]): Promise<void>;
  /** Bytes must stay as they are until the call ends; nobody looks at them afterwards. */
  receive(sha256: string, source: Readable | Uint8Array, options: { bytes: number; signal?: AbortSignal }): Promise<void>;
}
