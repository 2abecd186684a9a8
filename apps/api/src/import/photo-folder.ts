import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';
import { sizeText } from '@dossier/domain/size.ts';
import { MAXIMUM_PHOTO_BYTES } from '@dossier/photos/limits.ts';

/** A line names a photo that can't be taken; the message completes "the photo a.jpg …". */
export class PhotoFault extends Error {}

/** The folder that an import's photos are read from. No path leads out of it, neither by `..` nor by a symbolic link. */
export interface PhotoFolder {
  /** The bytes of the photo at a path relative to the folder. Throws PhotoFault. */
  read(path: string): Promise<Uint8Array>;
}

/**
 * The folder must be there. A path that isn't there as it is written is looked for with `/` for `\`, as Windows writes it, and in other forms of Unicode: macOS
 * writes letters and their accents apart.
 */
export async function openPhotoFolder(folder: string): Promise<PhotoFolder> {
  const root = await realpath(folder);
  const listings = new Map<string, Promise<Map<string, string | null>>>();
  return {
    async read(path) {
      const relative = relativeTo(path);
      try {
        return await readPhoto(root, relative);
      } catch (error) {
        if (!isMissing(error)) throw faultOf(error);
        const written = await findAlike(root, relativeTo(path.replaceAll('\\', '/')), listings);
        if (written === null || written === relative) throw faultOf(error);
        return await readPhoto(root, written).catch((failure: unknown) => {
          throw faultOf(failure);
        });
      }
    },
  };
}

export function relativeTo(path: string): string {
  const relative = normalize(path);
  const isWindows = /^[A-Za-z]:[\\/]|^\\\\/.test(path);
  if (isAbsolute(path) || isWindows || path.includes('\u0000') || relative === '..' || relative.startsWith(`..${sep}`)) {
    throw new PhotoFault('lies outside of the folder of the photos');
  }
  return relative;
}

/** The path as it is written on disk, or null where nothing is alike, or several are. */
async function findAlike(
  root: string,
  relative: string,
  listings: Map<string, Promise<Map<string, string | null>>>,
): Promise<string | null> {
  let folder = '';
  for (const part of relative.split(sep)) {
    let listing = listings.get(folder);
    if (listing === undefined) listings.set(folder, (listing = list(join(root, folder))));
    const found = (await listing).get(part.normalize());
    if (found == null) return null;
    folder = join(folder, found);
  }
  return folder;
}

/** The names in a folder by their composed form; null for those that differ in nothing else. */
async function list(folder: string): Promise<Map<string, string | null>> {
  const names = await readdir(folder).catch(() => []);
  const listing = new Map<string, string | null>();
  for (const name of names) {
    const form = name.normalize();
    listing.set(form, listing.has(form) ? null : name);
  }
  return listing;
}

async function readPhoto(root: string, relative: string): Promise<Uint8Array> {
  const file = await realpath(join(root, relative));
  if (!file.startsWith(root.endsWith(sep) ? root : root + sep)) throw new PhotoFault('lies outside of the folder of the photos');
  const status = await stat(file);
  if (!status.isFile()) throw new PhotoFault('is no file');
  if (status.size > MAXIMUM_PHOTO_BYTES)
    throw new PhotoFault(`has ${sizeText(status.size)}; at most ${sizeText(MAXIMUM_PHOTO_BYTES)} are allowed`);
  return await readFile(file);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function faultOf(error: unknown): PhotoFault {
  return error instanceof PhotoFault ? error : new PhotoFault(reasonOf(error), { cause: error });
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
