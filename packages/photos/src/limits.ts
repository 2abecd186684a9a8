/** The largest photo, in bytes, that a node takes from a person or from its master. */
export const MAXIMUM_PHOTO_BYTES = 10 * 1024 * 1024;

/** The longest side, in pixels, that a photo may have. */
export const MAXIMUM_PHOTO_SIDE_PIXELS = 6000;

/** What a picture may take in memory that has to be held as a whole while it is decoded: as much as one of the largest size with four bytes a pixel. */
export const MAXIMUM_DECODED_BYTES = 4 * MAXIMUM_PHOTO_SIDE_PIXELS ** 2;

/** So many photos are decoded at once in a process. */
export const DECODED_AT_ONCE = 2;

/** The longest side, in pixels, of a thumbnail. */
export const THUMBNAIL_SIDE_PIXELS = 320;

/** The longest side, in pixels, of a photo as it is looked at closely. */
export const RENDITION_SIDE_PIXELS = 2560;

/** So many files that took the place of photos are kept, the latest ones. */
export const KEPT_DAMAGED = 100;
