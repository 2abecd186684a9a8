import type { Readable } from 'node:stream';
import type { Logger } from '@dossier/runtime/logger.ts';
import { filterBounded } from './bounded.ts';
import { PhotoDamaged } from './photo-damaged.ts';
import type { PhotoFault, PhotoIdentity } from './photo-damaged.ts';
import type { OpenPhoto, PhotoStore } from './photo-store.ts';
import { streamOf } from './whole-photo.ts';

/** A photo that a row names and that isn't whole in the store. */
export interface PhotoFinding extends PhotoIdentity {
  readonly fault: PhotoFault | 'absent';
}

/**
 * Keeps that photos aren't whole here, so that they are fetched again and people hear of it. May be told of the same ones again; returns those of which it
 * didn't know.
 */
export type BookFindings = (findings: readonly PhotoFinding[]) => Promise<readonly Pick<PhotoFinding, 'sha256' | 'fault'>[]>;

/** As many files are read and hashed side by side: libuv has four threads. */
const readConcurrency = 4;

/**
 * A photo store to whose readers a photo is either whole or not there. What is found damaged is booked, and set apart, so that a whole one can take
 * its place.
 */
export class GuardedPhotos {
  readonly #store: PhotoStore;
  readonly #bookFindings: BookFindings;
  readonly #logger: Logger;

  constructor(store: PhotoStore, book: BookFindings, logger: Logger) {
    this.#store = store;
    this.#bookFindings = book;
    this.#logger = logger;
  }

  /** Whether the photo is there with its length. One that isn't is booked. */
  async compare(photo: PhotoIdentity): Promise<boolean> {
    return (await this.#reading(photo, async () => (await this.#store.compare(photo)) || null)) !== null;
  }

  /** The photo to be read, as {@link PhotoStore.open} gives it; null, and booked, if it isn't whole as far as can be told before it was read. */
  async open(photo: PhotoIdentity): Promise<OpenPhoto | null> {
    const opened = await this.#reading(photo, () => this.#store.open(photo));
    return opened && { ...opened, stream: streamOf(opened.stream, this.#watch(photo, opened.stream)) };
  }

  /** The whole photo in the memory that `memory` gives for its length; null if it gives none, or, then booked, if the photo isn't whole. */
  async read(photo: PhotoIdentity, memory: (bytes: number) => Buffer | null): Promise<Buffer | null> {
    const target = memory(photo.bytes);
    return target && (await this.#reading(photo, () => this.#store.read(photo, () => target)));
  }

  /**
   * Those of the photos that aren't whole, in their order: their files are read and hashed. What is damaged is booked; what is absent isn't, as it
   * may never have been here.
   */
  async lacking(photos: readonly PhotoIdentity[], signal: AbortSignal): Promise<PhotoFinding[]> {
    const findings = new Map<PhotoIdentity, PhotoFinding>();
    const lacking = await filterBounded(photos, readConcurrency, async (photo) => {
      signal.throwIfAborted();
      const finding = await this.#examine(photo);
      if (finding !== null) findings.set(photo, finding);
      return finding !== null;
    });
    const found = lacking.flatMap((photo) => findings.get(photo) ?? []);
    await this.#settle(found.filter(({ fault }) => fault !== 'absent'));
    return found;
  }

  /** Books photos that rows show and that the store doesn't have. */
  async bookAbsent(findings: readonly PhotoFinding[]): Promise<void> {
    const absent = findings.filter(({ fault }) => fault === 'absent');
    if (absent.length > 0) await this.#book(absent);
  }

  async *#watch(photo: PhotoIdentity, stream: Readable): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* stream;
    } catch (error) {
      if (error instanceof PhotoDamaged) await this.#settle([{ ...identityOf(photo), fault: error.fault }]);
      throw error;
    }
  }

  async #book(findings: readonly PhotoFinding[]): Promise<void> {
    for (const { sha256, fault } of await this.#bookFindings(findings)) {
      this.#logger.error({ sha256, fault }, 'The file of a photo is not whole on this node. Nobody is given it until it is.');
    }
  }

  async #examine(photo: PhotoIdentity): Promise<PhotoFinding | null> {
    try {
      return (await this.#hash(photo)) ? null : { ...identityOf(photo), fault: 'absent' };
    } catch (error) {
      if (!(error instanceof PhotoDamaged)) throw error;
      return { ...identityOf(photo), fault: error.fault };
    }
  }

  /** Reads the photo to its end; false if the store doesn't have it. */
  async #hash(photo: PhotoIdentity): Promise<boolean> {
    const opened = await this.#store.open(photo);
    if (opened === null) return false;
    for await (const chunk of opened.stream) void chunk;
    return true;
  }

  async #reading<T>(photo: PhotoIdentity, read: () => Promise<T | null>): Promise<T | null> {
    try {
      const result = await read();
      if (result === null) await this.#book([{ ...identityOf(photo), fault: 'absent' }]);
      return result;
    } catch (error) {
      if (!(error instanceof PhotoDamaged)) throw error;
      await this.#settle([{ ...identityOf(photo), fault: error.fault }]);
      return null;
    }
  }

  /** Booked before they are moved: killed between the two, the next look finds them again. What can't be read stays, as it may be whole. */
  async #settle(findings: readonly PhotoFinding[]): Promise<void> {
    if (findings.length === 0) return;
    await this.#book(findings);
    for (const finding of findings) if (finding.fault !== 'unreadable') await this.#store.setAside(finding);
  }
}

function identityOf({ sha256, bytes }: PhotoIdentity): PhotoIdentity {
  return { sha256, bytes };
}
