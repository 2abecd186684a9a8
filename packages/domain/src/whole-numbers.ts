/** Fewer digits than these always arrive as they are written. */
const manyDigits = /\d{16}/;

/**
 * JSON.parse for what is to be kept. A whole number that would become another one, as most above 2^53 do, becomes an infinite one instead, which nothing
 * that is kept accepts: `metaFault` says where it is. Such numbers are names, of documents or accounts; fractions are measured, and may be rounded.
 * Throws SyntaxError as JSON.parse does.
 */
export function parseJson(text: string): unknown {
  return manyDigits.test(text) ? JSON.parse(text, refuseOthers) : JSON.parse(text);
}

/** Browsers that don't tell the source of a number round it. */
function refuseOthers(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || !Number.isFinite(value) || context?.source === undefined) return value;
  const { source } = context;
  return /^-?\d+$/.test(source) && BigInt(source) !== BigInt(value) ? Number.POSITIVE_INFINITY : value;
}
