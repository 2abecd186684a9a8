import { expect, test } from 'vitest';
import { expectGenerated, markdownTable } from '../kit/generated-page.ts';
import { lies } from '../kit/lies/every-lie.ts';

test('docs/lying-master.md names every lie and its end', async () => {
  expect(new Set(lies.map(({ says, to, sync }) => `${says} ${to} ${sync}`)).size).toBe(lies.length);
  const rows = lies.map(({ says, to, sync, ends, mends }) => [says, to, sync, `\`${ends}\``, mends]);
  await expectGenerated(
    'docs/lying-master.md',
    'lies',
    markdownTable(['the master says', 'asked for', 'in a sync', 'code', 'mends'], rows),
  );
});
