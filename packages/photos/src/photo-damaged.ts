/** A photo as a row names it. */
export interface PhotoIdentity {
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Its length. */
  readonly bytes: number;
}

/**
 * What is wrong with what stands in a photo's place. `length`, `content`: other bytes than the photo's. `no-file`: a folder or the like.
 * `unreadable`: a file that the system doesn't let us read, which may be whole.
 */
export type PhotoFault = 'length' | 'content' | 'no-file' | 'unreadable';

/** What stands in a photo's place isn't the photo. Nobody may be given it. */
export class PhotoDamaged extends Error {
  readonly code = 'PHOTO_DAMAGED';
  readonly sha256: string;
  readonly fault: PhotoFault;

  constructor(sha256: string, fault: PhotoFault, detail: string, cause?: unknown) {
    super(`Photo ${sha256} is damaged: ${detail}`, { cause });
    this.name = 'PhotoDamaged';
    this.sha256 = sha256;
    this.fault = fault;
  }
}

/** Throws PhotoDamaged for a length that isn't the photo's. */
export function requireLength({ sha256, bytes }: PhotoIdentity, found: number): void {
  if (found !== bytes) throw new PhotoDamaged(sha256, 'length', `it has ${found} bytes instead of ${bytes}`);
}
