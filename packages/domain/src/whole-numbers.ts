/** Numbers of fewer digits always arrive as they are written. */
const manyDigits = /[\d.]{16}/;

/**
 * JSON.parse for what is to be kept. A whole number whose digits would become others, as most above 2^53 do however they are written, becomes an infinite
 * one instead, which nothing that is kept accepts: `metaFault` says where it is. Such numbers are names, of documents or accounts; fractions are measured,
 * and may be rounded. What JSON.stringify writes of a number is always taken. Throws SyntaxError as JSON.parse does.
 */
export function parseJson(text: string): unknown {
  return manyDigits.test(text) ? JSON.parse(text, refuseOthers) : JSON.parse(text);
}

/** Browsers that don't tell the source of a number round it. */
function refuseOthers(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || !Number.isFinite(value) || context?.source === undefined) return value;
  const given = decimalOf(context.source);
  const kept = decimalOf(String(value));
  return given.exponent >= 0 && (given.digits !== kept.digits || given.exponent !== kept.exponent) ? Number.POSITIVE_INFINITY : value;
}

/** The digits of a number of JSON without zeros around them, and the power of ten by which they count: a whole number has none below 0. */
function decimalOf(number: string): { digits: string; exponent: number } {
  const [, whole = '', fraction = '', power = '0'] = /^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(number) ?? [];
  const digits = `${whole}${fraction}`;
  const end = significantEnd(digits);
  if (end === 0) return { digits: '', exponent: 0 };
  return { digits: digits.slice(0, end).replace(/^0+/, ''), exponent: Number(power) - fraction.length + digits.length - end };
}

/** Where the zeros at the end of the digits begin. A pattern would look at each zero of a long number again and again. */
function significantEnd(digits: string): number {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end -= 1;
  return end;
}
