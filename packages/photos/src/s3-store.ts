import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { KEPT_DAMAGED } from './limits.ts';
import { PhotoDamaged, requireLength } from './photo-damaged.ts';
import type { PhotoIdentity } from './photo-damaged.ts';
import { photoName, sha256OfPhotoName } from './photo-name.ts';
import type { Announcement, OpenPhoto, PhotoSource, PhotoStore, StoredPhoto } from './photo-store.ts';
import { openThumbnail, sealThumbnail } from './sealed-thumbnail.ts';
import { release, verifiedPhoto, verifyPhoto } from './verified-photo.ts';
import { provedAtOnceBytes, provenStream, requirePhoto } from './whole-photo.ts';

const CONNECTION_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 30_000;
const CHECK_TIMEOUT_MS = 10_000;

/** Where in S3 the photos are. */
export interface S3Place {
  readonly bucket: string;
  /** What all keys begin with: empty, or ending with a slash. */
  readonly prefix: string;
}

/**
 * Photos as objects `<prefix>photos/ab/cd/<sha256>` of an existing bucket, thumbnails as `<prefix>thumbnails/ab/cd/<sha256>.webp`, what
 * was found in the place of photos as `<prefix>damaged/<moment>-<sha256>`.
 * Region, credentials and endpoint are the SDK's own business: `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL` and the rest of its
 * standard environment and files. The permissions it needs: get, put, delete objects and list the bucket (without the last, S3 answers
 * "forbidden" for a photo that isn't there).
 */
export class S3PhotoStore implements PhotoStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(place: S3Place) {
    this.#client = createClient();
    this.#bucket = place.bucket;
    this.#prefix = place.prefix;
  }

  async has(sha256: string): Promise<boolean> {
    const command = new HeadObjectCommand({ Bucket: this.#bucket, Key: this.#photoKey(sha256) });
    return (await unlessAbsent(this.#client.send(command))) !== null;
  }

  async compare(photo: PhotoIdentity): Promise<boolean> {
    const command = new HeadObjectCommand({ Bucket: this.#bucket, Key: this.#photoKey(photo.sha256) });
    const found = await unlessAbsent(this.#client.send(command));
    if (found === null) return false;
    requireLength(photo, found.ContentLength ?? 0);
    return true;
  }

  async put(bytes: Uint8Array): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await this.#put(this.#photoKey(sha256), bytes);
    return sha256;
  }

  /** A photo is small enough to be verified in memory, so that no unverified byte ever reaches the bucket. */
  async receive(sha256: string, source: PhotoSource, announcement: Announcement): Promise<void> {
    try {
      const key = this.#photoKey(sha256);
      await this.#put(key, await verifiedCopy(sha256, source, announcement), announcement.signal);
    } finally {
      release(source);
    }
  }

  async open(photo: PhotoIdentity): Promise<OpenPhoto | null> {
    const body = await this.#openBody(photo);
    if (body === null) return null;
    if (photo.bytes > provedAtOnceBytes) return { stream: provenStream(photo, body, (error) => error), bytes: photo.bytes };
    const bytes = await fill(photo, body, Buffer.allocUnsafe(photo.bytes));
    return { stream: Readable.from([bytes], { objectMode: false }), bytes: photo.bytes };
  }

  async read(photo: PhotoIdentity, memory: (bytes: number) => Buffer | null): Promise<Buffer | null> {
    const body = await this.#openBody(photo);
    if (body === null) return null;
    const target = memory(photo.bytes);
    if (target !== null) return await fill(photo, body, target);
    body.destroy();
    return null;
  }

  /** S3 can't move: it is looked at once more, so that one that was put meanwhile stays. */
  async setAside(photo: PhotoIdentity): Promise<boolean> {
    if (!(await this.#isDamaged(photo))) return false;
    const from = this.#photoKey(photo.sha256);
    const apart = `${this.#damagedPrefix()}${new Date().toISOString().replaceAll(':', '-')}-${photo.sha256}`;
    await this.#client.send(new CopyObjectCommand({ Bucket: this.#bucket, CopySource: `${this.#bucket}/${encodeURI(from)}`, Key: apart }));
    await this.remove(photo.sha256);
    const page = await this.#client.send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: this.#damagedPrefix() }));
    const kept = (page.Contents ?? []).flatMap(({ Key: key }) => key ?? []).toSorted();
    for (const key of kept.slice(0, -KEPT_DAMAGED)) await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }));
    return true;
  }

  path(sha256: string): null {
    photoName(sha256);
    return null;
  }

  async remove(sha256: string): Promise<void> {
    const keys = [this.#photoKey(sha256), this.#thumbnailKey(sha256)];
    await Promise.all(keys.map(async (key) => await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }))));
  }

  async *list(): AsyncGenerator<StoredPhoto, void, undefined> {
    const prefix = `${this.#prefix}photos/`;
    let token: string | undefined;
    do {
      const page = await this.#client.send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: token }));
      for (const { Key: key = '', LastModified: modifiedDate, Size: bytes } of page.Contents ?? []) {
        const sha256 = sha256OfPhotoName(key.slice(prefix.length));
        if (sha256 !== null && modifiedDate !== undefined && bytes !== undefined) yield { sha256, modifiedDate, bytes };
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  async readThumbnail(sha256: string): Promise<Uint8Array | null> {
    const found = await this.#get(this.#thumbnailKey(sha256));
    const kept = await found?.Body?.transformToByteArray();
    return kept === undefined ? null : openThumbnail(sha256, kept);
  }

  async writeThumbnail(sha256: string, bytes: Uint8Array): Promise<void> {
    await this.#put(this.#thumbnailKey(sha256), sealThumbnail(sha256, bytes));
  }

  async check(): Promise<void> {
    await this.#put(`${this.#prefix}check`, Buffer.from('check'), AbortSignal.timeout(CHECK_TIMEOUT_MS));
  }

  /** Always 0: an object appears whole or not at all, so nothing is ever left half-way. */
  async sweepTemporary(): Promise<number> {
    return await Promise.resolve(0);
  }

  async #put(key: string, bytes: Uint8Array, abortSignal?: AbortSignal): Promise<void> {
    // The request's signature holds the SHA-256 of the body: what arrives damaged is refused by the server.
    const command = new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: bytes, ContentLength: bytes.byteLength });
    try {
      await this.#client.send(command, abortSignal === undefined ? {} : { abortSignal });
    } catch (error) {
      // The SDK's own error hides the reason.
      abortSignal?.throwIfAborted();
      throw error;
    }
  }

  async #get(key: string): Promise<GetObjectCommandOutput | null> {
    return await unlessAbsent(this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key })));
  }

  async #openBody(photo: PhotoIdentity): Promise<Readable | null> {
    const found = await this.#get(this.#photoKey(photo.sha256));
    if (found === null) return null;
    const { Body: body, ContentLength: length } = found;
    if (!(body instanceof Readable) || length === undefined)
      throw new TypeError(`S3 answered for photo ${photo.sha256} without a body or its length`);
    if (length !== photo.bytes) body.destroy();
    requireLength(photo, length);
    return body;
  }

  async #isDamaged(photo: PhotoIdentity): Promise<boolean> {
    try {
      const opened = await this.open(photo);
      if (opened !== null) for await (const chunk of opened.stream) void chunk;
      return false;
    } catch (error) {
      if (error instanceof PhotoDamaged) return true;
      throw error;
    }
  }

  #damagedPrefix(): string {
    return `${this.#prefix}damaged/`;
  }

  #photoKey(sha256: string): string {
    return `${this.#prefix}photos/${photoName(sha256)}`;
  }

  #thumbnailKey(sha256: string): string {
    return `${this.#prefix}thumbnails/${photoName(sha256)}.webp`;
  }
}

async function fill(photo: PhotoIdentity, body: Readable, target: Buffer): Promise<Buffer> {
  let at = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) at += chunk.copy(target, at);
  if (at < target.length) throw new Error(`S3 ended photo ${photo.sha256} after ${at} of ${target.length} bytes`);
  requirePhoto(photo, target);
  return target;
}

/** In memory of its own: of an attempt that S3 broke off, the client may still be sending what the caller took back after the next one. */
async function verifiedCopy(sha256: string, source: PhotoSource, announcement: Announcement): Promise<Buffer> {
  if (source instanceof Uint8Array) {
    verifyPhoto(sha256, source, announcement);
    return Buffer.from(source);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of verifiedPhoto(sha256, source, announcement)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function createClient(): S3Client {
  const client = new S3Client({
    // The SDK's default wraps bodies in trailing checksums, which servers that aren't Amazon's may store as part of the object.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, socketTimeout: SILENCE_TIMEOUT_MS },
  });
  // Only Amazon answers under `<bucket>.<host>` without further ado; the endpoint is known only once the SDK has read its environment.
  const resolveEndpoint = client.config.endpointProvider;
  client.config.endpointProvider = (parameters, context) =>
    resolveEndpoint({ ...parameters, ForcePathStyle: parameters.Endpoint !== undefined }, context);
  return client;
}

async function unlessAbsent<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    // A missing bucket is a fault, not an absent photo. (To HEAD requests S3 doesn't say which it is; `check()` does.)
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404 && error.name !== 'NoSuchBucket') return null;
    throw error;
  }
}
