import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdSizes } from './hold-sizes.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dossier-sizes-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A module of so many bytes that can't be compressed further than base64 can. */
const ballast = (name: string, bytes: number): string => `globalThis.${name} = '${randomBytes(bytes).toString('base64')}';\n`;

/** Builds a page of an entry that imports one module at once and another when it is asked to. */
async function buildPage({ initial, lazy, styles = 0 }: { initial: number; lazy: number; styles?: number }): Promise<void> {
  const files = {
    'index.html': '<script type="module" src="/entry.js"></script>',
    'entry.js': `import './needed.js';\nimport './page.css';\nglobalThis.later = () => import('./later.js');\n`,
    'needed.js': ballast('needed', initial),
    'later.js': ballast('asked', lazy),
    'page.css': `/*! ${randomBytes(styles).toString('base64')} */ p { color: red }`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await build({ root: folder, configFile: false, logLevel: 'silent', plugins: [holdSizes()], build: { modulePreload: false } });
}

describe('a build', () => {
  it('passes within the limits', async () => {
    await expect(buildPage({ initial: 280_000, lazy: 120_000, styles: 30_000 })).resolves.toBeUndefined();
  });

  it('fails above 300 kB of initial JavaScript', async () => {
    await expect(buildPage({ initial: 310_000, lazy: 1000 })).rejects.toThrow(
      /initial JavaScript is 3\d\d\.\d kB gzipped, more than 300\.0 kB/,
    );
  });

  it('fails above 130 kB of a lazy chunk', async () => {
    await expect(buildPage({ initial: 1000, lazy: 135_000 })).rejects.toThrow(/later-.*\.js, is 13\d\.\d kB gzipped, more than 130\.0 kB/);
  });

  it('fails above 45 kB of styles', async () => {
    await expect(buildPage({ initial: 1000, lazy: 1000, styles: 50_000 })).rejects.toThrow(
      /styles is \d\d\.\d kB gzipped, more than 45\.0 kB/,
    );
  });
});
