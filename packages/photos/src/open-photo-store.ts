import { FolderPhotoStore } from './folder-store.ts';
import type { PhotoStore } from './photo-store.ts';
import { S3PhotoStore } from './s3-store.ts';

const SCHEME = /^[a-z][a-z0-9+.-]+:\/\//i;
const S3_PLACE = /^s3:\/\/(?<bucket>[a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?:\/(?<prefix>.*))?$/i;

/**
 * The photo store that MEDIA_ROOT names: a folder, or `s3://bucket/prefix`. Touches neither disk nor network; use `check()` for that.
 * Throws a RangeError for an S3 address without a proper bucket and for any other kind of address.
 */
export function openPhotoStore(mediaRoot: string): PhotoStore {
  if (!SCHEME.test(mediaRoot)) return new FolderPhotoStore(mediaRoot);
  const place = S3_PLACE.exec(mediaRoot)?.groups;
  if (place?.['bucket'] === undefined) {
    throw new RangeError(`MEDIA_ROOT must be a folder or s3://bucket/prefix, not ${JSON.stringify(mediaRoot)}`);
  }
  const folders = (place['prefix'] ?? '').split('/').filter((folder) => folder !== '');
  return new S3PhotoStore({ bucket: place['bucket'], prefix: folders.map((folder) => `${folder}/`).join('') });
}
