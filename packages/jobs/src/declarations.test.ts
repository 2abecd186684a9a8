import { expect, test } from 'vitest';

import { jobs, reminderId } from './declarations.ts';

test('equal payloads have one identity, in whatever order they are written', () => {
  const one = jobs.link.schema.parse({ slaveDossierList: 3, fence: 7 });
  const other = jobs.link.schema.parse({ fence: 7, slaveDossierList: 3 });
  expect(reminderId('link', one)).toBe('link-3-7');
  expect(reminderId('link', other)).toBe('link-3-7');
  expect(reminderId('link', jobs.link.schema.parse({ slaveDossierList: 3 }))).toBe('link-3');
  expect(reminderId('sweep', {})).toBe('sweep');
});

test('every declaration is filed under its name and makes ids that BullMQ takes', () => {
  for (const [name, declaration] of Object.entries(jobs)) {
    expect(declaration.name).toBe(name);
    expect(reminderId(name, {})).not.toContain(':');
  }
});

test('payloads with anything but declared ids are refused', () => {
  expect(jobs.sync.schema.safeParse({ runId: '5' }).success).toBe(false);
  expect(jobs.sync.schema.safeParse({ runId: 5, name: 'Jane Roe' }).success).toBe(false);
  expect(jobs.unlink.schema.safeParse({ slaveDossierList: 5 }).success).toBe(false);
});
