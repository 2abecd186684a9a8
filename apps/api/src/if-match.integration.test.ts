import { dossierSchema } from '@dossier/protocol/dossier.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi } from '../../../test/kit/api.ts';
import type { Answer, TestApi } from '../../../test/kit/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const tagOf = (answer: Answer): string => answer.headers.get('etag') ?? '';
const makeList = () => api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'Wanted' }]);
const makeDossier = (list: number) => api.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'Somebody', dossier_lists: [list] }]);
const change = (path: string, body: object, tag?: string): Promise<Answer> =>
  api.call('PATCH', path, { body, headers: tag === undefined ? {} : { 'if-match': tag } });

describe('a watch list', () => {
  it('is changed, emptied and deleted only as it was read, by who says so', async () => {
    const { id } = await makeList();
    const path = `/dossier-lists/${id}/`;
    const read = tagOf(await api.call('GET', path));
    expect(read).toMatch(/^"[^"]+"$/);
    const changed = await change(path, { comment: 'one' }, read);
    expect([changed.status, tagOf(changed) !== read]).toEqual([200, true]);
    expect(await change(path, { comment: 'two' }, read)).toMatchObject({ status: 412, json: { code: 'PRECONDITION_FAILED' } });
    const stale = { headers: { 'if-match': read } };
    expect((await api.call('POST', `${path}purge/`, stale)).status).toBe(412);
    expect((await api.call('DELETE', path, stale)).status).toBe(412);
    expect(await api.want(200, watchListSchema, ['GET', path])).toMatchObject({ comment: 'one' });
    expect((await change(path, { comment: 'three' })).status).toBe(200);
    expect((await change(path, { comment: 'four' }, '*')).status).toBe(200);
  });

  it('is the same for who changes it while dossiers come and go, and another for who reads it', async () => {
    const { id } = await makeList();
    const path = `/dossier-lists/${id}/`;
    const read = tagOf(await api.call('GET', path));
    await makeDossier(id);
    expect(tagOf(await api.call('GET', path))).not.toBe(read);
    expect((await change(path, { comment: 'meanwhile' }, read)).status).toBe(200);
  });

  it('that demands it is changed, and its dossiers are, by nobody who does not say which state is meant', async () => {
    const { id } = await makeList();
    const path = `/dossier-lists/${id}/`;
    const dossier = await makeDossier(id);
    expect((await change(path, { require_match: true })).status).toBe(200);
    const required = { status: 428, json: { code: 'PRECONDITION_REQUIRED' } };
    expect(await change(path, { comment: 'unseen' })).toMatchObject(required);
    expect(await api.call('POST', `${path}purge/`)).toMatchObject(required);
    const person = `/dossiers/${dossier.id}/`;
    expect(await change(person, { comment: 'unseen' })).toMatchObject(required);
    expect(await api.call('DELETE', person)).toMatchObject(required);
    expect(await api.want(200, dossierSchema, ['GET', person])).toMatchObject({ comment: '' });

    const seen = await change(person, { comment: 'seen' }, tagOf(await api.call('GET', person)));
    expect(seen.status).toBe(200);
    expect((await api.call('DELETE', person, { headers: { 'if-match': tagOf(seen) } })).status).toBe(204);
    expect((await change(path, { require_match: false }, tagOf(await api.call('GET', path)))).status).toBe(200);
    expect((await change(path, { comment: 'free again' })).status).toBe(200);
  });
});
