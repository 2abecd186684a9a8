import { expect, it } from 'vitest';
import { newUuid } from './new-uuid.ts';

it('a new uuid is of version 7 and says when it was made', () => {
  const before = Date.now();
  const uuids = Array.from({ length: 1000 }, newUuid);
  for (const uuid of uuids) expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  for (const uuid of uuids) {
    const milliseconds = Number.parseInt(uuid.replace('-', '').slice(0, 12), 16);
    expect(milliseconds).toBeGreaterThanOrEqual(before);
    expect(milliseconds).toBeLessThanOrEqual(Date.now());
  }
  expect(new Set(uuids).size).toBe(1000);
});
