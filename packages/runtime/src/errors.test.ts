import { expect, it } from 'vitest';

import { ApplicationError, badParam, notFound, statusOf } from './errors.ts';

it('keeps code, sentence, field, remedy and cause', () => {
  const cause = new Error('below');
  const error = new ApplicationError('CONFLICT', 'The list is a replica.', { param: 'id', remedy: 'Unlink it first.', cause });
  expect(error).toMatchObject({
    code: 'CONFLICT',
    detail: 'The list is a replica.',
    message: 'The list is a replica.',
    param: 'id',
    remedy: 'Unlink it first.',
    cause,
  });
  expect(statusOf(error.code)).toBe(409);
});

it('leaves out what was not given', () => {
  const error = notFound('watch list 7');
  expect('cause' in error).toBe(false);
  expect([error.code, error.detail, error.param]).toEqual(['NOT_FOUND', 'There is no watch list 7.', undefined]);
  expect(badParam('name', 'It is empty.').param).toBe('name');
});
