import type { Request, Response } from 'express';
import multer from 'multer';
import { sizeText } from '@dossier/domain/size.ts';
import { MAXIMUM_PHOTO_BYTES } from '@dossier/photos/limits.ts';
import { ApplicationError, badParam } from '@dossier/runtime/errors.ts';

/** A form with one file, whole in memory: it is bounded, and must be decoded as a whole anyway. */
export interface Upload {
  readonly file: Uint8Array | null;
  readonly fields: Readonly<Record<string, unknown>>;
}

const limits = {
  fileSize: MAXIMUM_PHOTO_BYTES,
  files: 1,
  fields: 20,
  fieldSize: 64 * 1024,
  fieldNameSize: 100,
  parts: 30,
  headerPairs: 50,
};

/**
 * Reads a multipart form whose only file is in the field `name`. UNSUPPORTED_MEDIA_TYPE for any other body, TOO_LARGE for a file over
 * the limit of photos, BAD_PARAM for a form that can't be read.
 */
export async function readUpload(request: Request, response: Response, name: string): Promise<Upload> {
  if (!/^\s*multipart\/form-data\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new ApplicationError('UNSUPPORTED_MEDIA_TYPE', 'The body must be a form, sent as multipart/form-data.');
  }
  const read = multer({ storage: multer.memoryStorage(), limits, defParamCharset: 'utf8' }).single(name);
  await new Promise<void>((resolve, reject) => {
    read(request, response, (error: unknown) => {
      if (error === undefined || error === null) resolve();
      else reject(refusal(error));
    });
  });
  const fields: unknown = request.body;
  return {
    file: request.file?.buffer ?? null,
    fields: typeof fields === 'object' && fields !== null ? { ...fields } : {},
  };
}

function refusal(error: unknown): ApplicationError {
  if (!(error instanceof multer.MulterError)) {
    const reason = error instanceof Error ? error.message : String(error);
    return new ApplicationError('BAD_PARAM', `The form can not be read: ${reason.slice(0, 200)}.`, { cause: error });
  }
  if (error.code === 'LIMIT_FILE_SIZE') {
    return new ApplicationError('TOO_LARGE', `The photo has more than ${sizeText(MAXIMUM_PHOTO_BYTES)}, the most that is taken.`, {
      param: error.field ?? 'source_photo',
    });
  }
  return badParam(error.field ?? 'source_photo', `The form does not fit: ${error.message}.`);
}
