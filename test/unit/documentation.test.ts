import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { configurationKeys } from '@dossier/runtime/configuration-schema.ts';
import { describe, expect, test } from 'vitest';
import { lies } from '../kit/lies/every-lie.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const pages = readdirSync(root, { recursive: false, encoding: 'utf8' })
  .concat(readdirSync(join(root, 'docs'), { encoding: 'utf8' }).map((name) => `docs/${name}`))
  .filter((name) => name.endsWith('.md'));

/** Where codes that people meet are declared, and how they look there. */
const codeSources: [file: string, pattern: RegExp][] = [
  ['packages/replication/src/sync-failure.ts', /^ {2}\| '([A-Z_]+)'/gm],
  ['packages/replication/src/answer-refusal.ts', /^ {2}\| '([A-Z_]+)'/gm],
  ['packages/replication/src/site-refusal.ts', /^ {2}\| '([A-Z_]+)'/gm],
  ['apps/api/src/site-alarms.ts', /^ \* - `([A-Z_]+)`/gm],
  ['apps/cli/src/node-key-error.ts', /^ \* - `([A-Z_]+)`/gm],
  ['packages/replication/src/feed-errors.ts', /^ {2}\| '([A-Z_]+)'/gm],
  ['packages/replication/src/apply-refused.ts', /^ \* - `([A-Z_]+)`/gm],
  ['packages/replication/src/judgement.ts', /^ \* - `([A-Z_]+)`/gm],
  ['packages/replication/src/undo.ts', /code: '([A-Z_]+)'/g],
  ['packages/replication/src/received-page.ts', /code = '([A-Z_]+)'/g],
  ['packages/photos/src/photo-refused.ts', /code = '([A-Z_]+)'/g],
  ['packages/photos/src/photo-store.ts', /code = '([A-Z_]+)'/g],
  ['packages/accounts/src/oidc-fault.ts', /^ {2}\| '([A-Z_]+)'/gm],
  ['packages/runtime/src/errors.ts', /^ {2}([A-Z_]+): \d{3},/gm],
];
const codes = codeSources.flatMap(([file, pattern]) => [...read(file).matchAll(pattern)].map((match) => [file, match[1] ?? '']));

describe('docs/operations.md', () => {
  const text = read('docs/operations.md');

  test.each(codeSources)('%s declares codes', (file, pattern) => {
    expect(read(file)).toMatch(new RegExp(pattern.source, 'm'));
  });

  const remedies = new Map([...text.matchAll(/^\| `([A-Z_]+)` \|.*\| ([^|]*) \|$/gm)].map(([, code, remedy]) => [code, remedy]));
  // These don't end a run: it names the photo and goes on.
  const ofPhotos = new Set(['PHOTO_REFUSED', 'PHOTO_MISMATCH']);

  test.each(codes)('%s: %s is explained, with what to do', (_file, code) => {
    if (ofPhotos.has(code ?? '')) expect(text).toContain(`\`${code}\``);
    else expect(remedies.get(code)).toMatch(/\S/);
  });

  test.each([...new Set(lies.map(({ ends }) => ends))])('%s, with which a lie ends, is explained, with what to do', (code) => {
    expect(remedies.get(code)).toMatch(/\S/);
  });

  test('names only metrics that exist', () => {
    const metrics = read('apps/api/src/metrics.ts') + read('apps/api/src/replication-metrics.ts');
    for (const [name] of text.matchAll(/dossier_[a-z_]+/g)) expect(metrics).toContain(`'${name}'`);
  });
});

describe('README.md', () => {
  const text = read('README.md');
  const commands = readdirSync(join(root, 'apps/cli/src/commands')).filter((name) => !name.includes('.test.'));

  test.each(commands)('tells of the command in %s', (file) => {
    expect(text).toContain(`\`dossier ${file.replace('.ts', '')}`);
  });

  test.each(configurationKeys)('%s is documented there or in dossier.example.yaml', (key) => {
    expect(text + read('dossier.example.yaml')).toMatch(new RegExp(`\\b${key}\\b`));
  });

  test('names only scripts that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm (?:run )?(test|start|demo|check)\b/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(2);
    for (const name of named) expect(scripts).toHaveProperty(name);
  });
});

describe('links', () => {
  const links = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map((match): [string, string] => [page, match[1] ?? '']),
  );

  test('are there', () => {
    expect(links.length).toBeGreaterThan(30);
  });

  test.each(links)('%s → %s', (page, target) => {
    expect(existsSync(join(root, dirname(page), target))).toBe(true);
  });
});

describe('SECURITY.md', () => {
  const rows = [...read('SECURITY.md').matchAll(/^\|[^|]*\|([^|]+)\|[^|]+\|([^|]*)\|$/gm)].slice(2);

  test('has a threat model', () => {
    expect(rows.length).toBeGreaterThan(15);
  });

  test.each(rows.map((row): [string, string] => [row[1]?.trim() ?? '', row[2] ?? '']))('%s: is held by a test', (_what, cell) => {
    const files = [...cell.matchAll(/\]\(([^)]+)\)/g)].map((link) => link[1] ?? '');
    expect(files.some((file) => file.endsWith('.test.ts') && existsSync(join(root, file)))).toBe(true);
  });
});

describe('docs/protocol.md', () => {
  const rows = [...read('docs/protocol.md').matchAll(/^\| (\d+) \| ([^|]+) \| ([^|]+) \|$/gm)];

  test('numbers its invariants', () => {
    expect(rows.map((row) => Number(row[1]))).toEqual(rows.map((_row, index) => index + 1));
    expect(rows.length).toBeGreaterThanOrEqual(20);
  });

  const tests = rows.flatMap(([, number = '', , cell = '']) => {
    const files = [...cell.matchAll(/\[[^\]]+\]\(([^)]+)\)/g)].map((link) => link[1] ?? '');
    return (files.length > 0 ? files : ['none']).map((file): [string, string] => [number, file]);
  });

  test.each(tests)('invariant %s is held by a test: %s', (_number, file) => {
    expect(file).toMatch(/\.test\.ts$/);
    expect(existsSync(join(root, 'docs', file))).toBe(true);
  });

  test('names the paths and limits of the feed as the code has them', () => {
    const text = read('docs/protocol.md');
    const routes = [...read('apps/api/src/routes/feed.ts').matchAll(/router\.get\('([^']+)'/g)].map((match) => match[1] ?? '');
    expect(routes.length).toBeGreaterThan(7);
    for (const route of routes) expect(text).toContain(`\`/feed${route.replaceAll(/:(\w+)/g, '{$1}')}`);
  });
});
