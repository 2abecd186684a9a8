import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/** A table in Markdown. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/**
 * Expects that a page of the docs holds, between the two comments that name it, what the tests say. With DOSSIER_WRITE_DOCS=1 it is written there.
 * @param page path from the project's folder
 */
export async function expectGenerated(page: string, name: string, content: string): Promise<void> {
  const path = fileURLToPath(new URL(`../../${page}`, import.meta.url));
  const [begin, end] = [`<!-- ${name}: generated from the tests -->\n`, `<!-- end of ${name} -->\n`];
  const text = await readFile(path, 'utf8');
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end);
  expect(from >= begin.length && to >= from, `${page} has a place for ${name}`).toBe(true);
  const written = `\n${content}\n`;
  if (process.env['DOSSIER_WRITE_DOCS'] === '1') await writeFile(path, text.slice(0, from) + written + text.slice(to));
  else expect(text.slice(from, to), `${page} is not up to date: DOSSIER_WRITE_DOCS=1 writes it`).toBe(written);
}
