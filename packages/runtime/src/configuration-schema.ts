import { isIP } from 'node:net';

import { parse } from 'yaml';
import { z } from 'zod';

import { isUnambiguousUrl } from './server-url.ts';

/** What a value may be, and how it is read. One per key of the configuration. */
export interface KeyRule {
  /** Completes the sentence "…: allowed is". */
  readonly allowed: string;
  /** `all`: never shown. `url`: shown without the password in it. */
  readonly secret?: 'all' | 'url';
  /** Turns the text of an environment variable into what the file would hold. Left out: the text itself. */
  readonly fromText?: (text: string) => unknown;
}

const integerText = (text: string): unknown => (/^\d+$/.test(text.trim()) ? Number(text) : text);
const listText = (text: string): unknown =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export const installableApps = ['ffsecurity_sync'] as const;

const text = z.string().min(1);
const integer = (minimum: number, maximum: number) => z.int().min(minimum).max(maximum);
const url = (...protocols: string[]) => text.refine((value) => protocols.includes(protocolOf(value)) && isUnambiguousUrl(value));
const origin = text.refine(isOrigin).transform((value) => new URL(value).origin);
const feedName = text.refine(isFeedName).transform((value) => value.toLowerCase());
const someTexts = z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(text)).default([]);
const roleValues = z.strictObject({ admin: someTexts, operator: someTexts, viewer: someTexts });
const nodeName = z
  .string()
  .trim()
  .regex(/^[^\p{C}]{1,100}$/u);
const clockTime = z.strictObject({ hour: integer(0, 23), minute: integer(0, 59) });

/** Every key of the configuration with its type and its default; `null` stands for "not set". */
export const configurationSchema = z.object({
  NODE_NAME: nodeName.nullable().default(null),
  SYNC_TOKEN: text.nullable().default(null),
  SYNC_TOKEN_PREVIOUS: text.nullable().default(null),
  NODE_KEY: text.nullable().default(null),
  NODE_KEY_FILE: text.nullable().default(null),
  SITE_KEYS: z.enum(['off', 'prefer', 'require']).default('prefer'),
  SITE_APPROVAL: z.enum(['none', 'required']).default('none'),
  FEED_NAMES: z.array(feedName).nullable().default(null),
  EXTERNAL_ADDRESS: text.refine(isExternalAddress).nullable().default(null),
  SYNC_TIME: z.preprocess(readClockTime, clockTime).default({ hour: 3, minute: 0 }),
  TIME_ZONE: text.refine(isTimeZone).default('UTC'),
  SYNC_SPREAD_SECONDS: integer(0, 86_399).default(300),
  INSTALLED_APPS: z.array(z.enum(installableApps)).default([]),
  DATABASE_URL: url('postgres:', 'postgresql:').nullable().default(null),
  REDIS_URL: url('redis:', 'rediss:').nullable().default(null),
  DATA_DIR: text.refine((value) => !hasScheme(value)).default('./data'),
  MEDIA_ROOT: text.refine(isMediaRoot).nullable().default(null),
  HOST: text.refine(isHost).default('127.0.0.1'),
  PORT: integer(1, 65_535).default(8000),
  ADMIN_USERNAME: text
    .max(150)
    .regex(/^[^\s:]+$/)
    .default('admin'),
  ADMIN_PASSWORD: text.nullable().default(null),
  ADMIN_TOKEN: text
    .regex(/^[\x21-\x7e]+$/)
    .nullable()
    .default(null),
  TOKEN_MAXIMUM_DAYS: integer(1, 3650).nullable().default(null),
  SECOND_FACTOR: z.enum(['optional', 'required']).default('optional'),
  OIDC_ISSUER: text.refine(isExternalAddress).nullable().default(null),
  OIDC_CLIENT_ID: text.nullable().default(null),
  OIDC_CLIENT_SECRET: text.nullable().default(null),
  OIDC_ROLE_CLAIM: text.default('roles'),
  OIDC_ROLES: z.preprocess(readMap, roleValues).default({ admin: ['admin'], operator: ['operator'], viewer: ['viewer'] }),
  SYNC_ALLOWED_MASTERS: z.array(origin).nullable().default(null),
  SYNC_CONCURRENCY: integer(1, 100).default(4),
  SYNC_ON_EXISTING: z.enum(['replace', 'refuse']).default('replace'),
  OFFLINE_DELETIONS: z.enum(['restore', 'keep-deleted']).default('restore'),
  GUARD_PERSONS: integer(1, 2).default(1),
  READ_LOG_DAYS: integer(1, 3650).default(90),
  BIN_DAYS: integer(0, 3650).default(30),
  LOG_LEVEL: z.enum(logLevels).default('info'),
});

export type ConfigurationValues = z.output<typeof configurationSchema>;

/** The name of a setting, the same in the file and in the environment. */
export type ConfigurationKey = keyof ConfigurationValues;

const encoded =
  'signs of user and password that are no letters or digits have to be written as %XX: # is %23, / is %2F, @ is %40, % is %25';

export const rules: Readonly<Record<ConfigurationKey, KeyRule>> = {
  NODE_NAME: { allowed: '1 to 100 characters that can be seen' },
  SYNC_TOKEN: { allowed: 'a text that is not empty, in quotes if it consists of digits', secret: 'all' },
  SYNC_TOKEN_PREVIOUS: { allowed: 'a text that is not empty, in quotes if it consists of digits', secret: 'all' },
  NODE_KEY: { allowed: 'a private Ed25519 key in PEM (PKCS #8), its line feeds as they are or written as \\n', secret: 'all' },
  NODE_KEY_FILE: { allowed: 'the path of a file on this host' },
  SITE_KEYS: { allowed: 'off, prefer or require' },
  SITE_APPROVAL: { allowed: 'none or required' },
  FEED_NAMES: {
    allowed:
      'a list of hosts such as master.example or 10.0.0.5:8000, the port left out where remote_url has none (in the environment separated by commas)',
    fromText: listText,
  },
  EXTERNAL_ADDRESS: { allowed: 'an http:// or https:// URL without user, query and fragment', secret: 'url' },
  SYNC_TIME: { allowed: '{hour: 0…23, minute: 0…59}, or "HH:MM"' },
  TIME_ZONE: { allowed: 'the name of an IANA time zone such as UTC or Europe/Athens' },
  SYNC_SPREAD_SECONDS: { allowed: 'a whole number from 0 to 86399', fromText: integerText },
  INSTALLED_APPS: {
    allowed: `a list of these: ${installableApps.join(', ')} (in the environment separated by commas)`,
    fromText: listText,
  },
  DATABASE_URL: { allowed: `a postgres:// or postgresql:// URL; ${encoded}`, secret: 'url' },
  REDIS_URL: { allowed: `a redis:// or rediss:// URL; ${encoded}`, secret: 'url' },
  DATA_DIR: { allowed: 'the path of a folder on this host' },
  MEDIA_ROOT: { allowed: 'the path of a folder, or s3://bucket/prefix', secret: 'url' },
  HOST: { allowed: 'an IP address (0.0.0.0 or :: for all) or the name of a host, without port' },
  PORT: { allowed: 'a whole number from 1 to 65535', fromText: integerText },
  ADMIN_USERNAME: { allowed: '1 to 150 characters without white space and colon' },
  ADMIN_PASSWORD: { allowed: 'a text that is not empty, in quotes if it consists of digits', secret: 'all' },
  ADMIN_TOKEN: { allowed: 'ASCII letters, digits and signs without white space, in quotes if only digits', secret: 'all' },
  TOKEN_MAXIMUM_DAYS: { allowed: 'a whole number from 1 to 3650', fromText: integerText },
  SECOND_FACTOR: { allowed: 'optional or required' },
  OIDC_ISSUER: { allowed: 'an http:// or https:// URL without user, query and fragment', secret: 'url' },
  OIDC_CLIENT_ID: { allowed: 'a text that is not empty, in quotes if it consists of digits' },
  OIDC_CLIENT_SECRET: { allowed: 'a text that is not empty, in quotes if it consists of digits', secret: 'all' },
  OIDC_ROLE_CLAIM: { allowed: 'the name of a claim such as roles, or a path to it such as realm_access.roles' },
  OIDC_ROLES: { allowed: '{admin: [values], operator: [values], viewer: [values]}' },
  SYNC_ALLOWED_MASTERS: {
    allowed: 'a list of origins such as https://master.example:8000 (in the environment separated by commas)',
    secret: 'url',
    fromText: listText,
  },
  SYNC_CONCURRENCY: { allowed: 'a whole number from 1 to 100', fromText: integerText },
  SYNC_ON_EXISTING: { allowed: 'replace or refuse' },
  OFFLINE_DELETIONS: { allowed: 'restore or keep-deleted' },
  GUARD_PERSONS: { allowed: '1 or 2', fromText: integerText },
  READ_LOG_DAYS: { allowed: 'a whole number from 1 to 3650', fromText: integerText },
  BIN_DAYS: { allowed: 'a whole number from 0 to 3650', fromText: integerText },
  LOG_LEVEL: { allowed: logLevels.join(', ') },
};

export const configurationKeys: readonly ConfigurationKey[] = configurationSchema.keyof().options;

/** `"03:00"` and `{hour: 3, minute: 0}` in one variable become a map; everything else is left for the schema to refuse. */
function readClockTime(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const clock = /^\s*(\d{1,2}):(\d{2})\s*$/.exec(value);
  return clock === null ? readMap(value) : { hour: Number(clock[1]), minute: Number(clock[2]) };
}

/** A map that stands in one variable; everything else is left for the schema to refuse. */
function readMap(value: unknown): unknown {
  if (typeof value !== 'string' || !value.trimStart().startsWith('{')) return value;
  try {
    return parse(value, { prettyErrors: false });
  } catch {
    return value; // no map after all: the schema refuses the text and names the key
  }
}

function parseUrl(value: string): URL | null {
  return URL.parse(value);
}

function protocolOf(value: string): string {
  return parseUrl(value)?.protocol ?? '';
}

function isHttp(address: URL | null): address is URL {
  return address !== null && /^https?:$/.test(address.protocol) && address.username === '' && address.password === '';
}

function isExternalAddress(value: string): boolean {
  const address = parseUrl(value);
  return isHttp(address) && address.search === '' && address.hash === '' && /^https?:\/\//i.test(value.trim());
}

function isOrigin(value: string): boolean {
  return isExternalAddress(value) && new URL(value).pathname === '/';
}

/** Also refuses offsets like `+03:00`, which Intl takes: they know no daylight saving time. */
export function isTimeZone(value: string): boolean {
  if (!/^[A-Za-z]/.test(value)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== '';
  } catch {
    return false; // RangeError is how Intl says that it doesn't know the zone
  }
}

function hasScheme(value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(value);
}

function isMediaRoot(value: string): boolean {
  return !hasScheme(value) || /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[^?#]*)?$/.test(value);
}

/** What a `Host` header may say. */
function isFeedName(value: string): boolean {
  const address = parseUrl(`http://${value}`);
  return address !== null && value !== '' && [address.host, `${address.hostname}:80`].includes(value.toLowerCase());
}

function isHost(value: string): boolean {
  if (isIP(value) !== 0) return true;
  const labels = value.split('.');
  // Digits and dots alone are an address with a mistake in it, never a name.
  return labels.every((label) => /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '');
}
