import { isFileOfSystem, peopleFileNames } from '@dossier/protocol/import.ts';
import type { ImportedFile, ImportPhoto } from '../../api/import.ts';

/** What was chosen to be imported. */
export interface Chosen {
  readonly file: ImportedFile;
  /** From the same zip. */
  readonly photos: readonly ImportPhoto[];
}

let chosen = 0;

/** A zip that holds no file of people, or can't be read. */
export class NoPeople extends Error {}

/** The file of people that was chosen: itself, or the one in a zip, whose photos go along. Throws NoPeople. */
export async function takeFile(file: File): Promise<Chosen> {
  chosen += 1;
  if (!isZip(file)) return { file: { key: chosen, name: file.name, content: file }, photos: [] };
  const people = await peopleOf(file).catch(() => null);
  if (people === null) throw new NoPeople(file.name);
  return { file: { key: chosen, ...people }, photos: [{ path: 'all.zip', file }] };
}

async function peopleOf(zip: File): Promise<{ name: string; content: Blob } | null> {
  // Loaded only where somebody has a zip.
  const { BlobReader, BlobWriter, ZipReader } = await import('@zip.js/zip.js');
  const reader = new ZipReader(new BlobReader(zip), { useWebWorkers: false });
  const entries = (await reader.getEntries()).filter(({ filename }) => peopleFileNames.test(filename) && !isFileOfSystem(filename));
  const [entry] = entries.toSorted((a, b) => a.filename.split('/').length - b.filename.split('/').length);
  if (entry === undefined || entry.directory) return null;
  return { name: entry.filename.split('/').at(-1) ?? '', content: await entry.getData(new BlobWriter(), { useWebWorkers: false }) };
}

/** The photos and zips among files that were chosen, one by one or as a folder. */
export function takePhotos(files: readonly File[]): ImportPhoto[] {
  return files
    .filter((file) => file.type.startsWith('image/') || isZip(file))
    .map((file) => ({ path: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath, file }));
}

function isZip(file: File): boolean {
  return /\.zip$/i.test(file.name);
}
