import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { dossierFaceSchema, dossierSchema } from '@dossier/protocol/dossier.ts';
import { problemSchema } from '@dossier/protocol/problem.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';
import { realFile } from '../kit/real-data.ts';

let api: TestApi;
let dossier: number;

beforeAll(async () => {
  api = await startTestApi();
  const list = await api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'Broken inputs' }]);
  dossier = (await api.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'Holder', dossier_lists: [list.id] }])).id;
});
afterAll(async () => {
  await api.stop();
});

it('answers each of the 318 JSON bodies without a 5xx; what is no JSON is refused', async () => {
  const folder = realFile('nasty', 'json_bodies');
  const names = readdirSync(folder);
  expect(names).toHaveLength(318);
  for (const name of names) {
    const answer = await api.call('POST', '/dossiers/', {
      body: new Uint8Array(readFileSync(join(folder, name))),
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status, name).toBeLessThan(500);
    const problem = problemSchema.parse(answer.json);
    if (name.startsWith('n_')) expect([400, 413], name).toContain(answer.status);
    expect(problem.desc, name).not.toBe('');
  }
});

it('answers each of the 288 odd images without a 5xx: a photo, or what is wrong with it', async () => {
  const folder = realFile('nasty', 'images');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(folder, name)).isFile());
  expect(files.length).toBeGreaterThanOrEqual(288);
  for (const file of files) {
    const form = new FormData();
    form.set('dossier', String(dossier));
    form.set('source_photo', new Blob([readFileSync(join(folder, file))]), 'photo.jpg');
    const answer = await api.call('POST', '/dossier-faces/', { body: form });
    if (answer.status === 201) {
      dossierFaceSchema.parse(answer.json);
      const { id } = dossierFaceSchema.parse(answer.json);
      expect((await api.call('DELETE', `/dossier-faces/${id}/`)).status, file).toBe(204);
    } else {
      expect([400, 413, 415], file).toContain(answer.status);
      expect(problemSchema.parse(answer.json).desc, file).not.toBe('');
    }
  }
});
