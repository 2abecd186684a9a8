import { hostname } from 'node:os';
import { pino, stdTimeFunctions } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import pretty from 'pino-pretty';

import type { LogLevel } from './configuration.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** The part of the system that speaks: `api`, `worker`, `start`… */
  readonly name: string;
  /** What the node is called; left out where it isn't the node that speaks. */
  readonly node?: string;
  /** Lines for people instead of JSON; `prefersPretty()` decides well. */
  readonly pretty: boolean;
  /** Where the lines go; standard output if left out. */
  readonly destination?: DestinationStream;
}

const secretKeys = [
  'SYNC_TOKEN',
  'SYNC_TOKEN_PREVIOUS',
  'ADMIN_PASSWORD',
  'ADMIN_TOKEN',
  'OIDC_CLIENT_SECRET',
  'DATABASE_URL',
  'REDIS_URL',
  'syncToken',
  'syncTokenPrevious',
  'adminPassword',
  'adminToken',
  'clientSecret',
  'databaseUrl',
  'redisUrl',
  'connectionString',
  'password',
  'token',
  'secret',
];
const secretHeaders = ['authorization', 'cookie', 'set-cookie', 'signature'];

/** True where a person is watching: standard output is a terminal, and this isn't production. */
export function prefersPretty(): boolean {
  return process.stdout.isTTY && process.env['NODE_ENV'] !== 'production';
}

/**
 * A logger that never prints a secret it can recognise: the values of keys that hold one (at the top and one level below, and in `headers`), and
 * passwords inside URLs in error messages. Errors are logged with their whole cause chain.
 */
export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      name: options.name,
      level: options.level,
      ...(options.node !== undefined && { base: { pid: process.pid, hostname: hostname(), node: options.node } }),
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, error: describeError },
      redact: { paths: redactedPaths(), censor: '[secret]' },
      hooks: { streamWrite: options.pretty ? withoutControls : escapeControls },
    },
    openDestination(options),
  );
}

/** JSON leaves the second set of control characters as it is, which drives some terminals. */
function escapeControls(line: string): string {
  return line.replaceAll(/[\u007F-\u009F]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

/** Lines for people are written with what the escapes stand for: a space is enough for those that drive a terminal. */
function withoutControls(line: string): string {
  return escapeControls(line).replaceAll(/\\\\|\\[bfr]|\\u00(?:0[0-8b-f]|1[0-9a-f]|7f|[89][0-9a-f])/gi, (found) =>
    found === '\\\\' ? found : ' ',
  );
}

/** Few and shallow on purpose: each path is paid for with every line that is logged. */
function redactedPaths(): string[] {
  const anywhere = secretKeys.flatMap((key) => [key, `*.${key}`]);
  const headers = secretHeaders.flatMap((key) => [`headers["${key}"]`, `*.headers["${key}"]`]);
  return [...anywhere, ...headers];
}

function openDestination(options: LoggerOptions): DestinationStream {
  const destination = options.destination ?? pino.destination({ dest: 1, sync: true });
  if (!options.pretty) return destination;
  // In-process and synchronous: a worker thread would lose the last lines when the process ends.
  return pretty({
    destination: options.destination ?? 1,
    sync: true,
    colorize: options.destination === undefined,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,node',
    messageFormat: '{if node}[{node}] {end}{msg}',
  });
}

interface DescribedError {
  type: string;
  message: string;
  code?: string;
  remedy?: string;
  stack?: string;
  errors?: unknown[];
  cause?: unknown;
}

const deepestCause = 8;

/**
 * Picks the fields that help and no others: errors of database and HTTP clients carry rows, bodies and headers in
 * their extra properties, and those belong in no log.
 */
export function describeError(value: unknown, depth = 0): unknown {
  if (!(value instanceof Error)) return typeof value === 'string' ? hidePasswords(value) : value;
  const described: DescribedError = { type: value.name, message: hidePasswords(value.message) };
  if ('code' in value && isShort(value.code)) described.code = String(value.code);
  if ('remedy' in value && typeof value.remedy === 'string') described.remedy = value.remedy;
  if (value.stack !== undefined) described.stack = hidePasswords(value.stack);
  if (depth === deepestCause) return described;
  if (value instanceof AggregateError) described.errors = value.errors.map((each) => describeError(each, depth + 1));
  if (value.cause !== undefined) described.cause = describeError(value.cause, depth + 1);
  return described;
}

function isShort(code: unknown): boolean {
  return typeof code === 'string' || typeof code === 'number';
}

function hidePasswords(text: string): string {
  return text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*):[^\s/]*@/gi, '$1:***@');
}
