const quote = 0x22;
const backslash = 0x5c;

/** Short texts can't hold enough of anything to matter. */
const harmlessBytes = 64 * 1024;
/** Deeper than anything that crosses the wire outside of strings: object, array, entry, value. */
const maximumDepth = 8;
/** Objects and arrays that the answers of the feed open, at most: their entries hold hashes or more. */
const bytesPerOpening = 32;

/**
 * Why a JSON text from another node is not to be parsed, or null. Nested brackets, or many empty ones, take a parser many times the memory
 * that the text has; so texts are looked through before, without building anything.
 */
export function jsonExcess(bytes: Uint8Array): string | null {
  if (bytes.byteLength <= harmlessBytes) return null;
  const maximumOpenings = bytes.byteLength / bytesPerOpening;
  let openings = 0;
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.byteLength; at += 1) {
    const byte = bytes[at];
    if (inString) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) {
      inString = true;
    } else if (byte === 0x7b || byte === 0x5b) {
      openings += 1;
      depth += 1;
      if (depth > maximumDepth) return `it is nested deeper than ${maximumDepth} levels`;
      if (openings > maximumOpenings) return 'it holds more objects and arrays than its length allows';
    } else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
    }
  }
  return null;
}
