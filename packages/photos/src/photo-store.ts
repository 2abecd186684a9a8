import type { Readable } from 'node:stream';
import type { PhotoIdentity } from './photo-damaged.ts';

/** What a sender announced about the photo it is about to send, and the signal that ends the waiting for it. */
export interface Announcement {
  /** Length of the photo in bytes. */
  readonly bytes: number;
  readonly signal?: AbortSignal;
}

/** A photo that comes from elsewhere: in pieces as they arrive, or all its bytes at once, which cost much less to keep. */
export type PhotoSource = AsyncIterable<Uint8Array> | Uint8Array;

/** A photo being read. The stream must be read to its end or destroyed: it holds a file or a connection. */
export interface OpenPhoto {
  readonly stream: Readable;
  readonly bytes: number;
}

/** A photo as {@link PhotoStore.list} finds it. */
export interface StoredPhoto {
  readonly sha256: string;
  /** When the photo was last put or received. */
  readonly modifiedDate: Date;
  readonly bytes: number;
}

/**
 * Photos, each kept exactly as it came and named by the SHA-256 of its bytes (64 lower-case hexadecimal digits; a RangeError otherwise).
 * A name is visible only when all its bytes are in place and verified. Every method may be repeated and may run at the same time
 * in several processes.
 */
export interface PhotoStore {
  has(sha256: string): Promise<boolean>;
  /** Whether the store has the photo, as far as its length tells. Throws PhotoDamaged if something else is in its place. */
  compare(photo: PhotoIdentity): Promise<boolean>;
  /** Keeps the bytes and returns their SHA-256. A photo that is there already counts as new again for {@link list}. */
  put(bytes: Uint8Array): Promise<string>;
  /**
   * Keeps a photo that comes from elsewhere, never holding more of it in memory than MAXIMUM_PHOTO_BYTES. Throws PhotoMismatch when its
   * length or hash isn't the announced one, the signal's reason when aborted, and the source's error when it breaks; then nothing is
   * left behind. The source is used up or destroyed in every case. Bytes must stay as they are until the call ends; nobody looks at them
   * afterwards.
   */
  receive(sha256: string, source: PhotoSource, announcement: Announcement): Promise<void>;
  /**
   * The photo to be read, or null when the store doesn't have it. Throws PhotoDamaged for what isn't the photo; of a large one only the stream can tell,
   * which then ends with PhotoDamaged before it has given the last bytes.
   */
  open(photo: PhotoIdentity): Promise<OpenPhoto | null>;
  /**
   * Reads the whole photo into the memory that `memory` gives for its length in bytes. Null when the store doesn't have the photo, or `memory` gives
   * none. Throws PhotoDamaged for what isn't the photo.
   */
  read(photo: PhotoIdentity, memory: (bytes: number) => Buffer | null): Promise<Buffer | null>;
  /**
   * Takes what isn't the photo out of its place and keeps it under `damaged/` for whoever looks into it, the last KEPT_DAMAGED of them. Its thumbnail
   * goes. False, and nothing changes, if the photo is whole meanwhile or isn't there.
   */
  setAside(photo: PhotoIdentity): Promise<boolean>;
  /** Absolute path of the file that the photo is in if the store has it, for a server that sends files; null where photos aren't files. */
  path(sha256: string): string | null;
  /** Removes the photo, if it is there, and its thumbnail. */
  remove(sha256: string): Promise<void>;
  /**
   * All photos, in no particular order, held in memory a few at a time. Whoever removes photos that nobody refers to must spare recent
   * ones: a photo is put before the row that refers to it.
   */
  list(): AsyncIterable<StoredPhoto>;
  /** The photo's thumbnail, or null when none was written or what is kept isn't what was written for this photo. */
  readThumbnail(sha256: string): Promise<Uint8Array | null>;
  /** Keeps the photo's thumbnail apart from the photos: it can be made again from the photo at any time. */
  writeThumbnail(sha256: string, bytes: Uint8Array): Promise<void>;
  /** Writes and so proves that photos can be kept; throws the reason when they can't. Answers within seconds. */
  check(): Promise<void>;
  /** Removes what unfinished writes of before this moment left behind (a process killed half-way) and returns how many there were. */
  sweepTemporary(before: Date): Promise<number>;
}

/** A photo arrived whose length or hash isn't the announced one. Nothing of it was kept; asking for it again is safe. */
export class PhotoMismatch extends Error {
  readonly code = 'PHOTO_MISMATCH';
  readonly sha256: string;

  constructor(sha256: string, detail: string) {
    super(`Photo ${sha256} ${detail}; it was not kept`);
    this.name = 'PhotoMismatch';
    this.sha256 = sha256;
  }
}
