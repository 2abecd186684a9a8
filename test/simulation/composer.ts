import { createHash } from 'node:crypto';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import type { Content, ModelPhoto } from './content.ts';
import type { Random } from './random.ts';

/** Makes up contents of dossiers. */
export class Composer {
  readonly #photos: PhotoStore;
  readonly #random: Random;
  /** What uuids begin with, so that the tree grows deep with few dossiers. */
  readonly #prefix: string;
  /** Photos that were put, by address. */
  readonly photoBytes = new Map<string, Buffer>();
  /** A stream of its own, so that it shifts nothing else. */
  readonly #pictures: Random;
  /** The picture that stands for a missing photo: many dossiers of some seeds show it. */
  #common: ModelPhoto | null = null;
  readonly #commonRate: number;
  #externalIds = 0;

  constructor({ photos, random, prefix, pictures }: { photos: PhotoStore; random: Random; prefix: string; pictures: Random }) {
    this.#photos = photos;
    this.#random = random;
    this.#pictures = pictures;
    this.#commonRate = pictures.pick([0, 0, 0.2, 0.8]);
    this.#prefix = prefix;
  }

  /** A dossier that there never was, or one that comes again under its uuid. */
  async compose(uuid: string | null): Promise<Content> {
    const random = this.#random;
    this.#externalIds += 1;
    const photos = random.chance(0.25)
      ? [await this.photo([])]
      : this.#pictures.chance(this.#commonRate / 2)
        ? [await this.#commonPhoto()]
        : [];
    return {
      ...this.texts(),
      uuid: uuid ?? this.#prefix + random.uuid().slice(this.#prefix.length),
      externalId: random.chance(0.4) ? `e-${this.#externalIds}` : null,
      ...this.show(
        photos,
        photos.map(() => this.feature()),
      ),
    };
  }

  /** What an edit changes at once. */
  texts(): Pick<Content, 'name' | 'comment' | 'active' | 'meta' | 'validFrom' | 'validUntil'> {
    const random = this.#random;
    return {
      name: `${random.pick(['Ada', 'Bob', 'Çelik', 'Дарья', '王', 'O"Hara', 'tab\tname', '\\N'])} ${random.below(1e6)}`,
      comment: this.#comment(),
      active: random.chance(0.8),
      meta: random.pick([
        '{}',
        `{"case": ${random.below(1e6)}}`,
        '{"n": 12345678901234567890.50}',
        '{"a":["b",null,true]}',
        '{ "b":1, "a":1 }',
      ]),
      validFrom: random.chance(0.1) ? random.pick(['0001-01-01', '2026-02-28', '2027-03-01']) : null,
      validUntil: random.chance(0.1) ? random.pick(['2027-03-01', '9999-12-31']) : null,
    };
  }

  /** Photos with their features as columns of a row, as somebody may have written them. */
  show(photos: readonly ModelPhoto[], features: readonly (string | null)[]): Pick<Content, 'photos' | 'features'> {
    const space = this.#random.chance(0.2) ? 1 : 0;
    return {
      photos: JSON.stringify(photos, null, space),
      features: features.some((feature) => feature !== null) ? JSON.stringify(features) : null,
    };
  }

  /** A photo beside those that a dossier shows, with its bytes in the master's store. */
  async photo(beside: readonly ModelPhoto[]): Promise<ModelPhoto> {
    const isShown = beside.some(({ sha256 }) => sha256 === this.#common?.sha256);
    return !isShown && this.#pictures.chance(this.#commonRate) ? this.#commonPhoto() : this.#ownPhoto(this.#random);
  }

  async #commonPhoto(): Promise<ModelPhoto> {
    this.#common ??= await this.#ownPhoto(this.#pictures);
    return this.#common;
  }

  async #ownPhoto(random: Random): Promise<ModelPhoto> {
    const bytes = random.bytes(random.between(40, 400));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.photoBytes.set(sha256, bytes);
    await this.#photos.put(bytes);
    return { bytes: bytes.length, created_date: '2027-01-01T00:00:00Z', height: 800, media_type: 'image/jpeg', sha256, width: 600 };
  }

  feature(): string | null {
    return this.#random.chance(0.5) ? this.#random.bytes(6).toString('base64') : null;
  }

  #comment(): string {
    const random = this.#random;
    if (random.chance(0.05)) return 'x'.repeat(4000) + String(random.below(1e6));
    return random.pick(['', 'wanted', 'line\nbreak', '{"kind":"end"}', '\\.', 'ünï']) + String(random.below(1e6));
  }
}
