import { jsonExcess } from '@dossier/protocol/json-bounds.ts';
import { photosLineBytes, photosLineSchema } from '@dossier/protocol/photos.ts';
import type { PhotosLine } from '@dossier/protocol/photos.ts';
import type { FeedClient, LargeAnswerOptions } from './feed-client.ts';
import type { WantedPhoto } from './row-photos.ts';
import { answerRefused } from './sync-failure.ts';

export interface PhotoBundle {
  /** Bytes by address, null of a photo that the master doesn't have. What it left for another question isn't in it. */
  photos: ReadonlyMap<string, Buffer | null>;
  /** The answer, of which they are parts. */
  body: Buffer;
}

const lineFeed = 0x0a;

/**
 * Asks a master for several photos, each as one of a dossier's. The bundle is empty where the list is gone.
 * @param path of the photos of a list
 * @throws FeedError for faults of the wire; as `readPhotoBundle`
 */
export async function askPhotoBundle(
  client: FeedClient,
  path: string,
  { node, photos, options }: { node: string | undefined; photos: readonly WantedPhoto[]; options: LargeAnswerOptions },
): Promise<PhotoBundle> {
  const answer = await client.get(path, {
    node,
    query: { of: photos.map((photo) => `${photo.dossier}.${photo.sha256}`).join(',') },
    maximumBytes: photosLineBytes + photos.reduce((sum, photo) => sum + photo.bytes, 0),
    timeoutMs: Number.POSITIVE_INFINITY, // as for a photo alone, inactivity ends it
    ...options,
  });
  // The list is gone meanwhile.
  if (answer.status === 404) return { photos: new Map(), body: answer.body };
  if (answer.status !== 200) throw answerRefused('ANSWER_UNEXPECTED', `HTTP ${answer.status} is no answer to a question for photos`);
  return readPhotoBundle(
    answer.body,
    photos.map((photo) => photo.sha256),
  );
}

/**
 * Reads an answer with several photos (protocol/photos.ts). That their bytes have the hashes that they are named by is for their receiver to check.
 * @param asked addresses of the photos that were asked for
 * @throws SyncFailure if the answer contradicts itself or the question
 */
function readPhotoBundle(body: Buffer, asked: readonly string[]): PhotoBundle {
  const endOfLine = body.subarray(0, photosLineBytes).indexOf(lineFeed);
  if (endOfLine === -1) throw answerRefused('ANSWER_MALFORMED', 'its first line does not say which photos it holds');
  const wanted = new Set(asked);
  const photos = new Map<string, Buffer | null>();
  let at = endOfLine + 1;
  for (const { sha256, bytes } of readLine(body.subarray(0, endOfLine)).photos) {
    if (!wanted.delete(sha256))
      throw answerRefused('ANSWER_NOT_ASKED_FOR', `it holds the photo ${sha256}, for which nobody asked, or twice`);
    photos.set(sha256, bytes === null ? null : body.subarray(at, at + bytes));
    at += bytes ?? 0;
  }
  if (at !== body.length) throw answerRefused('ANSWER_MALFORMED', `its photos end at ${at}, and it has ${body.length} bytes`);
  return { photos, body };
}

function readLine(line: Buffer): PhotosLine {
  const excess = jsonExcess(line);
  if (excess !== null) throw answerRefused('ANSWER_MALFORMED', excess);
  try {
    return photosLineSchema.parse(JSON.parse(line.toString('utf8')));
  } catch (error) {
    throw answerRefused('ANSWER_MALFORMED', 'its first line does not say which photos it holds', error);
  }
}
