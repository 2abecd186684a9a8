/** The largest photo, in bytes, that a node takes from a person or from its master. */
export const MAXIMUM_PHOTO_BYTES = 10 * 1024 * 1024;

/** The longest side, in pixels, that a photo may have. */
export const MAXIMUM_PHOTO_SIDE_PIXELS = 6000;

/** The longest side, in pixels, of a thumbnail. */
export const THUMBNAIL_SIDE_PIXELS = 320;

/** So many files that took the place of photos are kept, the latest ones. */
export const KEPT_DAMAGED = 100;
