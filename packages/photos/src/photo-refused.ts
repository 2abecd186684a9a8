/**
 * Why a photo was refused. `empty`: no bytes. `too-many-bytes`, `too-many-pixels`: over the limits. `unsupported-type`: neither JPEG nor PNG
 * nor WebP by its content. `damaged`: begins like one of these but can't be decoded to the end. `too-slow`: decoding took too long.
 */
export type RefusalReason = 'empty' | 'too-many-bytes' | 'too-many-pixels' | 'unsupported-type' | 'damaged' | 'too-slow';

/** The bytes are no photo that the system takes. The message tells the person who sent it what is allowed. */
export class PhotoRefused extends Error {
  readonly code = 'PHOTO_REFUSED';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, detail: string, cause?: unknown) {
    super(detail, { cause });
    this.name = 'PhotoRefused';
    this.reason = reason;
  }
}
