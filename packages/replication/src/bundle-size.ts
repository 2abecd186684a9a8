import { photosAnswerBytes, photosLineBytes, requestPhotos } from '@dossier/protocol/photos.ts';
import type { WantedPhoto } from './missing-photos.ts';

const smallest = 512 * 1024;
/** The whole answer fits what a master sends. */
const largest = photosAnswerBytes - photosLineBytes;
/** More than a line around the world needs, so that it isn't taken for a slow one. */
const quickMs = 500;
const slowMs = 2000;

/**
 * How much is asked for at once. An exchange costs both nodes the same for much as for little, so much is asked for while answers come quickly; on a
 * slow line little is, since what is on its way when the line breaks is lost.
 */
export class BundleSize {
  #bytes = smallest;

  get bytes(): number {
    return this.#bytes;
  }

  /** Learns how long a question took, from asking until the answer was whole. That little comes quickly says nothing of the line. */
  adapt(answerBytes: number, tookMs: number): void {
    if (tookMs < quickMs && answerBytes >= this.#bytes / 2) this.#bytes = Math.min(this.#bytes * 2, largest);
    else if (tookMs > slowMs) this.#bytes = Math.max(this.#bytes / 2, smallest);
  }
}

/** Photos, in their order, that are asked for together; each bundle is cut when it is taken, as large as is right then. One that is larger comes alone. */
export function* bundlesOf(
  photos: readonly WantedPhoto[],
  size: Pick<BundleSize, 'bytes'>,
): Generator<WantedPhoto[], undefined, undefined> {
  let bundle: WantedPhoto[] = [];
  let bytes = 0;
  for (const photo of photos) {
    const fits = bundle.length < requestPhotos && bytes + photo.bytes <= size.bytes;
    if (!fits && bundle.length > 0) {
      yield bundle;
      bundle = [];
      bytes = 0;
    }
    bundle.push(photo);
    bytes += photo.bytes;
  }
  if (bundle.length > 0) yield bundle;
}
