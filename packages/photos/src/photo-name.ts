const SHA256 = /^[0-9a-f]{64}$/;

/** Whether the text is a SHA-256 as this system writes it: 64 lower-case hexadecimal digits. */
export function isSha256(text: string): boolean {
  return SHA256.test(text);
}

/**
 * The name under which a photo is kept, `ab/cd/<sha256>`: two levels of folders keep each small. Throws a RangeError for anything but
 * a SHA-256, so that no name can lead out of the store.
 */
export function photoName(sha256: string): string {
  if (!isSha256(sha256)) {
    throw new RangeError(`A photo is named by 64 lower-case hexadecimal digits, not by ${JSON.stringify(sha256.slice(0, 80))}`);
  }
  return `${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`;
}

/** The SHA-256 that a name of {@link photoName} stands for, or null for a file that is no photo of the store. */
export function sha256OfPhotoName(name: string): string | null {
  const sha256 = name.slice(name.lastIndexOf('/') + 1);
  return isSha256(sha256) && photoName(sha256) === name ? sha256 : null;
}
