import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { holdReasons as reasons } from '@dossier/domain/guards.ts';
import { problemStatus } from '@dossier/protocol/problem.ts';
import { configurationKeys } from '@dossier/runtime/configuration-schema.ts';
import { parseLine } from '@dossier/api/import/parse-line.ts';
import { plainReading } from '@dossier/api/import/columns.ts';
import { Survey } from '@dossier/api/import/survey.ts';
import { allowed, holdReasons, problems, refusal, syncFaults } from '../../apps/web/src/i18n/ru/node-words.ts';

it('has words for every code of a failed sync that the operations page knows', () => {
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const [, section = ''] = page.split('## Codes of a failed sync');
  const codes = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(30);
  expect(codes.filter((code) => code !== undefined && !(code in syncFaults))).toEqual([]);
});

it('has words for every answer, reason and setting', () => {
  expect(Object.keys(problemStatus).filter((code) => code !== 'METHOD_NOT_ALLOWED' && !(code in problems))).toEqual([]);
  expect(Object.keys(holdReasons).toSorted()).toEqual([...reasons].toSorted());
  expect(configurationKeys.filter((key) => !(key in allowed))).toEqual([]);
});

it.each([
  ['{"external_id": "1"}', 'ФИО: не указано'],
  ['{"name": ""}', 'ФИО: не может быть пустым'],
  [`{"name": "${'x'.repeat(300)}"}`, 'ФИО: не больше 256 знаков'],
  ['{"name": "A", "valid_until": "2026-02-30"}', '«действует по»: нужна дата, которая есть в календаре, например 2026-12-31'],
  ['{"name": "A", "active": "maybe"}', '«активно»: нужно true или false'],
  ['{"name": 5}', 'ФИО: значение не того вида'],
  ['name,comment', 'это не объект JSON'],
  ['{"name": "A"', 'это не JSON: нет кавычки, запятой или скобки, или есть лишняя'],
  ['{"name": "A"}{"name": "B"}', 'здесь несколько объектов JSON; каждому нужна своя строка'],
])('says in Russian why the row %s of a file is refused', (line, sentence) => {
  const parsed = parseLine(line, { reading: plainReading, survey: new Survey() });
  expect(refusal('fault' in parsed ? parsed.fault : '')).toBe(sentence);
});

it.each([
  ['the photo a.jpg is not there', 'фото a.jpg: такого файла нет'],
  [
    'names the photo a.jpg, but no photos were given with the file (a folder or a zip; "dossier import --photos")',
    'названо фото a.jpg, но фото с файлом не переданы: выберите папку или zip',
  ],
  ['(to line 7) is not valid CSV: a quote is never closed; nothing was read', '(до строки 7) кавычка не закрыта'],
  ['meta.rank: must be one of mate, captain, as the watch list 3 (Ship) declares it', '«rank»: нужно одно из: mate, captain'],
])('says in Russian "%s"', (reason, sentence) => {
  expect(refusal(reason)).toBe(sentence);
});
