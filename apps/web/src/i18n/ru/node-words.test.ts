import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { holdReasons as reasons } from '@dossier/domain/guards.ts';
import { problemStatus } from '@dossier/protocol/problem.ts';
import { allowed, holdReasons, problems, syncFaults } from './node-words.ts';

it('has words for every code of a failed sync that the operations page knows', () => {
  const page = readFileSync(new URL('../../../../../docs/operations.md', import.meta.url), 'utf8');
  const [, section = ''] = page.split('## Codes of a failed sync');
  const codes = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(30);
  expect(codes.filter((code) => code !== undefined && !(code in syncFaults))).toEqual([]);
});

it('has words for every answer, reason and setting', () => {
  expect(Object.keys(problemStatus).filter((code) => code !== 'METHOD_NOT_ALLOWED' && !(code in problems))).toEqual([]);
  expect(Object.keys(holdReasons).toSorted()).toEqual([...reasons].toSorted());
  const example = readFileSync(new URL('../../../../../dossier.example.yaml', import.meta.url), 'utf8');
  const keys = [...example.matchAll(/^([A-Z][A-Z_]+):/gm)].map(([, key]) => key ?? '');
  expect(keys.length).toBeGreaterThan(20);
  expect(keys.filter((key) => !(key in allowed))).toEqual([]);
});
