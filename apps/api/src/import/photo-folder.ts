import { readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';
import { MAXIMUM_PHOTO_BYTES } from '@dossier/photos/limits.ts';

/** A line names a photo that can't be taken; the message completes "the photo a.jpg …". */
export class PhotoFault extends Error {}

/** The folder that an import's photos are read from. No path leads out of it, neither by `..` nor by a symbolic link. */
export interface PhotoFolder {
  /** The bytes of the photo at a path relative to the folder. Throws PhotoFault. */
  read(path: string): Promise<Uint8Array>;
}

/** The folder must be there. */
export async function openPhotoFolder(folder: string): Promise<PhotoFolder> {
  const root = await realpath(folder);
  return { read: (path) => readPhoto(root, path) };
}

async function readPhoto(root: string, path: string): Promise<Uint8Array> {
  const relative = normalize(path);
  if (isAbsolute(path) || path.includes('\u0000') || relative === '..' || relative.startsWith(`..${sep}`)) {
    throw new PhotoFault('lies outside of the folder of the photos');
  }
  try {
    const file = await realpath(join(root, relative));
    if (!file.startsWith(root.endsWith(sep) ? root : root + sep)) throw new PhotoFault('lies outside of the folder of the photos');
    const status = await stat(file);
    if (!status.isFile()) throw new PhotoFault('is no file');
    if (status.size > MAXIMUM_PHOTO_BYTES) throw new PhotoFault(`has ${status.size} bytes; at most ${MAXIMUM_PHOTO_BYTES} are allowed`);
    return await readFile(file);
  } catch (error) {
    if (error instanceof PhotoFault) throw error;
    throw new PhotoFault(reasonOf(error), { cause: error });
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'is not there';
    case 'EACCES':
    case 'EPERM':
      return "can't be read: permission denied";
    case 'ENAMETOOLONG':
      return 'has too long a name';
    case 'ELOOP':
      return 'is a symbolic link to itself';
    default:
      return `can't be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}
