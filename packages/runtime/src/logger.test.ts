import { hostname } from 'node:os';
import { Writable } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { ApplicationError } from './errors.ts';
import { createLogger } from './logger.ts';
import type { Logger } from './logger.ts';

function record(write: (logger: Logger) => void, pretty = false): string {
  let written = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString();
      done();
    },
  });
  write(createLogger({ level: 'info', name: 'test', node: 'Gate 7', pretty, destination }));
  return written;
}

describe('createLogger', () => {
  it('writes one line of JSON with ISO time and the level as a word', () => {
    const line = JSON.parse(record((logger) => logger.info({ list: 7 }, 'synced'))) as Record<string, unknown>;
    expect(line).toMatchObject({ level: 'info', name: 'test', list: 7, msg: 'synced' });
    expect(line).toMatchObject({ node: 'Gate 7', hostname: hostname(), pid: process.pid });
    expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('writes for people when asked to', () => {
    const text = record((logger) => logger.warn('held'), true);
    expect(text).toContain('[Gate 7] held');
    expect(text).not.toContain('{"level"');
  });

  it('writes nothing that drives a terminal, and keeps it in JSON', () => {
    const hostile = 'a\u001b[2J\u009b31m\b\r\\u001b "b"';
    const log = (logger: Logger): void => logger.warn({ name: hostile, err: new Error(hostile) }, hostile);
    for (const text of [record(log), record(log, true)]) expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(record(log, true)).toContain('a [2J 31m');
    expect((JSON.parse(record(log)) as { msg: string }).msg).toBe(hostile);
  });

  it('writes nothing below its level', () => {
    expect(record((logger) => logger.debug('detail'))).toBe('');
  });

  it('hides secrets by their keys', () => {
    const text = record((logger) => {
      logger.info({ syncToken: 'geheim', configuration: { adminPassword: 'geheim', databaseUrl: 'geheim' } }, 'start');
      logger.info({ req: { headers: { authorization: 'Token geheim', cookie: 'geheim', 'set-cookie': 'geheim' } } }, 'request');
      logger.info({ SYNC_TOKEN: 'geheim', user: { password: 'geheim', token: 'geheim' } }, 'user');
    });
    expect(text).not.toContain('geheim');
    expect(text).toContain('request');
  });

  it('logs the whole chain of causes', () => {
    const socket = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const both = new AggregateError([socket], 'all addresses failed');
    const error = new ApplicationError('UNAVAILABLE', 'The database is away.', { remedy: 'Start it.', cause: both });
    const { err } = JSON.parse(record((logger) => logger.error({ err: error }, 'failed'))) as { err: unknown };
    expect(err).toMatchObject({
      type: 'ApplicationError',
      code: 'UNAVAILABLE',
      message: 'The database is away.',
      remedy: 'Start it.',
      cause: { type: 'AggregateError', errors: [{ code: 'ECONNREFUSED' }] },
    });
  });

  it('keeps rows and passwords that come with an error out of the log', () => {
    const error = Object.assign(new Error('no route to postgres://dossier:geheim@db.example/dossier'), {
      detail: 'Key (name)=(Geheim Person) already exists.',
      options: { headers: { authorization: 'geheim' } },
    });
    const text = record((logger) => logger.error({ err: error }, 'failed'));
    expect(text).toContain('postgres://dossier:***@db.example/dossier');
    expect(text.toLowerCase()).not.toContain('geheim');
  });

  it('survives a cause that leads back to itself', () => {
    const error = new Error('round');
    error.cause = error;
    expect(record((logger) => logger.error({ err: error }, 'failed'))).toContain('round');
  });
});
