import { PhotoRefused } from '@dossier/photos/photo-refused.ts';
import { inspectPhoto } from '@dossier/photos/photo.ts';
import type { PhotoFacts } from '@dossier/photos/photo.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import type { ErrorCode } from '@dossier/runtime/errors.ts';

const codes: Partial<Record<PhotoRefused['reason'], ErrorCode>> = {
  'too-many-bytes': 'TOO_LARGE',
  'unsupported-type': 'UNSUPPORTED_MEDIA_TYPE',
};

/** What an uploaded photo is. TOO_LARGE, UNSUPPORTED_MEDIA_TYPE or BAD_PARAM for one that is not taken, with the sentence of PhotoRefused. */
export async function inspectUpload(file: Uint8Array): Promise<PhotoFacts> {
  try {
    return await inspectPhoto(file);
  } catch (error) {
    if (!(error instanceof PhotoRefused)) throw error;
    throw new ApplicationError(codes[error.reason] ?? 'BAD_PARAM', `${error.message}.`, { param: 'source_photo', cause: error });
  }
}
