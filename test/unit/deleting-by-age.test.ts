import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = globSync('{packages,apps}/*/{src,migrations}/**/*.{ts,sql}', { cwd: root }).filter((path) => !path.endsWith('.test.ts'));
/** From where a statement begins to delete to where it says of what: up to RETURNING, or its end, that of its text in a program, a semicolon in SQL. */
const deleting = /\bdelete from\b(?:(?!\breturning\b)[^`;])*/gi;
/** The clock, compared with something. */
const byClock =
  /[<>]=?\s*\(?(?:now|clock_timestamp|transaction_timestamp)\(\)|\b(?:now|clock_timestamp|transaction_timestamp)\(\)\s*[-<>]/i;

test('no statement deletes what is old by the clock: it asks age_moment()', () => {
  expect(byClock.test('delete from audit where date < now() - audit_retention()')).toBe(true);
  const statements = sources.flatMap((path) =>
    (readFileSync(join(root, path), 'utf8').match(deleting) ?? []).map((text) => ({ path, text })),
  );
  expect(statements.filter(({ text }) => text.includes('age_moment()')).length).toBeGreaterThan(5);
  expect(statements.filter(({ text }) => byClock.test(text))).toEqual([]);
});

test('whatever is deleted by age is planted where a clock jumps', () => {
  const jumping = readFileSync(join(root, 'test/integration/deleting-by-age.test.ts'), 'utf8');
  const tables = sources.flatMap((path) =>
    (readFileSync(join(root, path), 'utf8').match(deleting) ?? [])
      .filter((text) => text.includes('age_moment()'))
      .map((text) => /^delete from (\w+)/i.exec(text)?.[1]),
  );
  expect(new Set(tables).size).toBeGreaterThan(10);
  expect(tables.filter((table) => table !== undefined && !jumping.includes(`into ${table} `))).toEqual([]);
});
