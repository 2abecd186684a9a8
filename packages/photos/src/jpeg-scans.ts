const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;

/**
 * How many scans a JPEG file has (ITU-T T.81, B.1.1): passes over the whole image, of which progressive files have about ten. Counting
 * ends above `atMost`, and where the file ends or makes no sense. Costs one reading of the bytes.
 */
export function countJpegScans(bytes: Uint8Array, atMost: number): number {
  let scans = 0;
  let offset = 2;
  while (scans <= atMost) {
    offset = bytes.indexOf(0xff, offset);
    if (offset === -1 || offset + 3 >= bytes.length) break;
    const marker = bytes[offset + 1] ?? 0;
    if (marker === END_OF_IMAGE) break;
    if (marker === START_OF_SCAN) scans += 1;
    if (marker === 0xff) offset += 1;
    else if (standsAlone(marker)) offset += 2;
    else offset += 2 + ((bytes[offset + 2] ?? 0) << 8) + (bytes[offset + 3] ?? 0);
  }
  return scans;
}

/** Markers without a length, and 0xff00, which stands for a data byte 0xff. */
function standsAlone(marker: number): boolean {
  return marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}
