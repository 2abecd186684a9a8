/** What a look at a text without parsing it tells. */
export interface JsonScan {
  /** Where it stops being JSON (an index into the text), or null. */
  fault: number | null;
  /** How deep arrays and objects are nested. */
  depth: number;
}

const blank = new Set([' ', '\t', '\n', '\r']);
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

/** What may come next. `value!` and `key!` refuse the closing bracket that `value` and `key` still allow (after a comma). */
type Expected = 'value' | 'value!' | 'key' | 'key!' | 'colon' | 'next' | 'end';

/**
 * Walks over a text by the grammar of RFC 8259 with a stack of its own, so that no nesting can exhaust the machine's, and stops at
 * the first fault or beyond `maximumDepth`. JSON.parse tells the place of a fault only sometimes.
 */
export function scanJson(text: string, maximumDepth: number): JsonScan {
  const stack: string[] = [];
  let expected: Expected = 'value!';
  let depth = 0;
  let at = 0;
  const afterValue = (): Expected => (stack.length === 0 ? 'end' : 'next');
  while (at < text.length) {
    const character = text[at] ?? '';
    if (blank.has(character)) {
      at += 1;
      continue;
    }
    const wantsValue: boolean = expected === 'value' || expected === 'value!';
    const wantsKey: boolean = expected === 'key' || expected === 'key!';
    if (character === '"' && (wantsValue || wantsKey)) {
      const { end, closed } = scanString(text, at);
      if (!closed) return { fault: end, depth };
      at = end;
      expected = wantsKey ? 'colon' : afterValue();
    } else if ((character === '{' || character === '[') && wantsValue) {
      stack.push(character === '{' ? '}' : ']');
      depth = Math.max(depth, stack.length);
      if (depth > maximumDepth) return { fault: null, depth };
      expected = character === '{' ? 'key' : 'value';
      at += 1;
    } else if (character === stack.at(-1) && (expected === 'next' || expected === (character === '}' ? 'key' : 'value'))) {
      stack.pop();
      expected = afterValue();
      at += 1;
    } else if (character === ',' && expected === 'next') {
      expected = stack.at(-1) === '}' ? 'key!' : 'value!';
      at += 1;
    } else if (character === ':' && expected === 'colon') {
      expected = 'value!';
      at += 1;
    } else {
      const end = wantsValue ? matchEnd(scalar, text, at) : null;
      if (end === null) return { fault: at, depth };
      at = end;
      expected = afterValue();
    }
  }
  return { fault: expected === 'end' ? null : at, depth };
}

function scanString(text: string, start: number): { end: number; closed: boolean } {
  let at = start + 1;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return { end: at + 1, closed: true };
    if (code < 0x20) return { end: at, closed: false };
    if (code === 0x5c) {
      const end = matchEnd(escape, text, at);
      if (end === null) return { end: at, closed: false };
      at = end;
    } else {
      at += 1;
    }
  }
  return { end: at, closed: false };
}

function matchEnd(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}
