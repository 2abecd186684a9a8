import { z } from 'zod';

/** The SHA-256 of a photo's bytes. */
export const photoAddressSchema = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * Several photos in one answer (`GET …/photos?of=<uuid>.<sha256>,…`): one line of JSON that says which, then their bytes one after another, as many as the
 * line says of each. A photo that was asked for and isn't named is left for another question.
 */
export const photosMediaType = 'application/vnd.dossier.photos-1';

/** Most photos that one question may name. */
export const requestPhotos = 64;
/** The largest photo that a slave takes, whatever the release of its master. */
export const maximumPhotoBytes = 64 * 1024 * 1024;
/** Most bytes of photos in one answer; a larger one can only be asked for alone. */
export const photosAnswerBytes = 1024 * 1024;
/** The first line is never longer. */
export const photosLineBytes = 16 * 1024;

/** The first line. A photo without a length is one that the master doesn't have. */
export const photosLineSchema = z.object({
  photos: z.array(z.object({ sha256: photoAddressSchema, bytes: z.int().nonnegative().nullable() })).max(requestPhotos),
});
export type PhotosLine = z.infer<typeof photosLineSchema>;
