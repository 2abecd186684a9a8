import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { first } from './en/first.ts';
import { english } from './en/texts.ts';
import { russian } from './ru/texts.ts';

type Texts = string | { readonly [key: string]: Texts };

/** The keys of all texts, `a.b.c`. */
function keysOf(texts: Texts, path = ''): string[] {
  if (typeof texts === 'string') return [path];
  return Object.entries(texts).flatMap(([key, value]) => keysOf(value, path === '' ? key : `${path}.${key}`));
}

function textsOf(texts: Texts, path = ''): [key: string, text: string][] {
  if (typeof texts === 'string') return [[path, texts]];
  return Object.entries(texts).flatMap(([key, value]) => textsOf(value, path === '' ? key : `${path}.${key}`));
}

const plural = /_(zero|one|few|many|other)$/;
const baseOf = (key: string): string => key.replace(plural, '');
const unique = (keys: readonly string[]): string[] => [...new Set(keys)];
const source = fileURLToPath(new URL('..', import.meta.url));

/** What these files may ask for: texts in quotes, and between backticks such with a part that is only known later. */
function askedFor(files: readonly string[]): RegExp[] {
  const literals = files.flatMap((file) => [...readFileSync(source + file, 'utf8').matchAll(/(['"`])([a-zA-Z]+\.(?:(?!\1)[^\n])*?)\1/g)]);
  return unique(literals.map(([, , text]) => text ?? '')).map((text) => {
    const parts = text.split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/).map((part) => part.replaceAll(/[.*+?^$()[\]\\|]/g, String.raw`\$&`));
    return new RegExp(`^${parts.join('[^.]+')}$`);
  });
}

/** A file and all that is loaded with it, but for what it loads later. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file) || !existsSync(source + file)) return seen;
  seen.add(file);
  for (const [, path = ''] of readFileSync(source + file, 'utf8').matchAll(/^import (?!type)[^;]*?from '(\.[^']+)'/gms)) {
    loadedWith(join(dirname(file), path), seen);
  }
  return seen;
}

test('no text is kept that no page shows', () => {
  const asked = askedFor(
    globSync('**/*.{ts,tsx}', { cwd: source }).filter((file) => !file.startsWith('i18n/') && !file.includes('.test.')),
  );
  expect(unique(keysOf(english).map(baseOf)).filter((key) => !asked.some((pattern) => pattern.test(key)))).toEqual([]);
});

test('what is loaded at first asks for no text that is loaded later', () => {
  const files = [...loadedWith('main.tsx')];
  expect(files).toContain('pages/overview/overview-page.tsx');
  const asked = askedFor(files.filter((file) => !file.startsWith('i18n/')));
  const early = new Set(keysOf(first));
  expect(keysOf(english).filter((key) => !early.has(key) && asked.some((pattern) => pattern.test(baseOf(key))))).toEqual([]);
});

test('both languages have the same texts', () => {
  expect(unique(keysOf(russian).map(baseOf)).toSorted()).toEqual(unique(keysOf(english).map(baseOf)).toSorted());
});

test.each([
  ['English', english, ['one', 'other']],
  ['Russian', russian, ['one', 'few', 'many', 'other']],
])('every %s text that depends on a number has all forms of that language', (_language, texts, forms) => {
  const keys = new Set(keysOf(texts));
  const counted = unique([...keys].filter((key) => plural.test(key)).map(baseOf));
  expect(counted.flatMap((key) => forms.map((form) => `${key}_${form}`)).filter((key) => !keys.has(key))).toEqual([]);
});

/** What is set into a text, in order of name. */
const setInto = (text: string): string[] =>
  unique([...text.matchAll(/\{\{(\w+)|<(\w+)\/>/g)].map((match) => match[1] ?? match[2] ?? '')).toSorted();

test('a text says in both languages what it is given to say', () => {
  const said = new Map(textsOf(english).map(([key, text]) => [key, setInto(text)]));
  const differing = textsOf(russian).flatMap(([key, text]) => {
    const original = said.get(key) ?? said.get(`${baseOf(key)}_other`) ?? [];
    const lacking = original.filter((name) => name !== 'count' && !setInto(text).includes(name));
    return lacking.length === 0 ? [] : [`${key}: ${lacking.join(', ')}`];
  });
  expect(differing).toEqual([]);
});
