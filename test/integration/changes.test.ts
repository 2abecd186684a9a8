import { changesRoute } from '@dossier/api/routes/changes.ts';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi(({ test }) => Promise.resolve({ routes: [changesRoute(test)] }));
});
afterAll(async () => {
  await api.stop();
});

interface Line {
  kind: string;
  id?: number;
  name?: string;
  next?: number;
  more?: boolean;
  count?: number;
  head?: { epoch: string; count: number };
}

async function follow(path: string): Promise<Line[]> {
  const answer = await api.call('GET', path, { role: 'viewer' });
  expect(answer.status).toBe(200);
  return answer.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

it('lets a consumer with a token follow a list page by page, removals too', async () => {
  const list = await api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'Followed' }]);
  const ids: number[] = [];
  for (const name of ['Ada', 'Bob', 'Cid']) {
    ids.push((await api.want(201, dossierSchema, ['POST', '/dossiers/', { name, dossier_lists: [list.id] }])).id);
  }
  const path = `/dossier-lists/${list.id}/changes/`;
  const first = await follow(`${path}?since=0&limit=2`);
  expect(first).toMatchObject([
    { kind: 'put', id: ids[0], name: 'Ada' },
    { kind: 'put', name: 'Bob' },
    { kind: 'end', count: 2, more: true },
  ]);
  const second = await follow(`${path}?since=${first[2]?.next}`);
  expect(second).toMatchObject([
    { kind: 'put', name: 'Cid' },
    { kind: 'end', count: 1, more: false, head: { count: 3 } },
  ]);
  await api.call('DELETE', `/dossiers/${ids[1]}/`);
  const epoch = second[1]?.head?.epoch;
  const third = await follow(`${path}?since=${second[1]?.next}&epoch=${epoch}`);
  expect(third).toMatchObject([{ kind: 'tombstone' }, { kind: 'end', head: { count: 2 } }]);
  expect(await follow(`${path}?since=0&epoch=${crypto.randomUUID()}`)).toMatchObject([{ kind: 'reset', epoch }]);
  const { detail } = await api.refused('NOT_FOUND', ['GET', '/dossier-lists/987654/changes/']);
  expect(detail).toBe('There is no such watch list.');
  await api.refused('BAD_PARAM', ['GET', `${path}?since=x`], 'since');
});
