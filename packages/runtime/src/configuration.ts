import { hostname } from 'node:os';
import { resolve } from 'node:path';

import { unknownKeyFault, valueFault } from './configuration-fault.ts';
import { readConfigurationFile } from './configuration-file.ts';
import { configurationKeys, configurationSchema, rules } from './configuration-schema.ts';
import type { ConfigurationKey, ConfigurationValues } from './configuration-schema.ts';
import { describeSettings } from './configuration-settings.ts';
import type { Setting } from './configuration-settings.ts';
import { ExitError } from './errors.ts';

export type LogLevel = ConfigurationValues['LOG_LEVEL'];

/** How people sign in by OpenID Connect. */
export interface OidcConfiguration {
  readonly issuer: string;
  readonly clientId: string;
  /** `null`: a public client, which PKCE alone protects. */
  readonly clientSecret: string | null;
  /** The claim that says what somebody is, and its values for each role. */
  readonly roleClaim: string;
  readonly roles: ConfigurationValues['OIDC_ROLES'];
}

/** All settings, checked; `null` means not set. `dossier.example.yaml` documents each. */
export interface Configuration {
  /** What this node is called. */
  readonly nodeName: string;
  /** This node's private key in PEM, where the configuration brings it. */
  readonly nodeKey: string | null;
  /** Absolute path of the file with it otherwise. */
  readonly nodeKeyFile: string;
  /** Whether somebody has said where the key is to be, so that the database keeps no copy of it. */
  readonly nodeKeyIsPlaced: boolean;
  /** Whether sites have to speak by keys of their own. */
  readonly siteKeys: ConfigurationValues['SITE_KEYS'];
  /** Whether who only holds the token waits for a person. */
  readonly siteApproval: ConfigurationValues['SITE_APPROVAL'];
  readonly syncToken: string | null;
  readonly syncTokenPrevious: string | null;
  /** The names (`host` or `host:port`, lower case) under which the feed is answered; `null`: any. */
  readonly feedNames: readonly string[] | null;
  /** As the operator wrote it; compare with `normaliseExternalAddress`. */
  readonly externalAddress: string | null;
  readonly syncTime: { readonly hour: number; readonly minute: number };
  readonly timeZone: string;
  readonly syncSpreadSeconds: number;
  readonly installedApps: readonly string[];
  /** `null`: the embedded database in `dataDir`. */
  readonly databaseUrl: string | null;
  /** `null`: the queue lives in PostgreSQL. */
  readonly redisUrl: string | null;
  /** Absolute path. */
  readonly dataDir: string;
  /** Absolute path, or `s3://bucket/prefix`. */
  readonly mediaRoot: string;
  readonly host: string;
  readonly port: number;
  readonly adminUsername: string;
  readonly adminPassword: string | null;
  readonly adminToken: string | null;
  /** How long an API token may live; `null`: for ever. */
  readonly tokenMaximumDays: number | null;
  /** Whether who signs in with a password needs a second factor. */
  readonly secondFactor: ConfigurationValues['SECOND_FACTOR'];
  /** The provider that signs people in, besides passwords; `null`: none. */
  readonly oidc: OidcConfiguration | null;
  /** Origins (`https://host:port`, lower case, default port left out); `null`: any master. */
  readonly syncAllowedMasters: readonly string[] | null;
  readonly syncConcurrency: number;
  readonly syncOnExisting: ConfigurationValues['SYNC_ON_EXISTING'];
  readonly offlineDeletions: ConfigurationValues['OFFLINE_DELETIONS'];
  /** How many administrators loosening a guard and approving what it held takes. */
  readonly guardPersons: number;
  /** How long it is kept who looked at whom. */
  readonly readLogDays: number;
  /** For how long what was deleted can be restored, and an import taken back; 0: not at all. */
  readonly binDays: number;
  readonly logLevel: LogLevel;
}

export type ConfigurationSource = 'default' | 'file' | 'environment';

export interface LoadedConfiguration {
  readonly configuration: Configuration;
  /** Where each value comes from. */
  readonly sources: Readonly<Record<ConfigurationKey, ConfigurationSource>>;
  /** Every key as it may be shown. */
  readonly settings: readonly Setting[];
  /** Absolute path of the file that was read, or `null`. */
  readonly file: string | null;
  /** Sentences for the operator about what works but is unwise. */
  readonly warnings: readonly string[];
}

export interface ConfigurationOptions {
  /** As given by `--config`; otherwise `DOSSIER_CONFIG`, otherwise `dossier.yaml` in the working directory if it is there. */
  readonly file?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute; relative paths in file and environment start here. */
  readonly workingDirectory: string;
}

/** The configuration can't be used. The message has one line per fault; no line holds a secret. */
export class ConfigurationError extends ExitError {
  override readonly name = 'ConfigurationError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(2, faults.join('\n'), { remedy: 'dossier.example.yaml documents every key.' });
    this.faults = faults;
  }
}

/** Below this the token can be guessed offline from a recorded request. */
const advisedTokenLength = 32;

/**
 * Reads file and environment (which wins key by key; an empty variable counts as not set) and checks all of it.
 * Throws `ConfigurationError` with every fault at once.
 */
export function loadConfiguration(options: ConfigurationOptions): LoadedConfiguration {
  const { environment, workingDirectory } = options;
  const named = options.file ?? (environment['DOSSIER_CONFIG'] || undefined);
  const { file, entries, faults: fileFaults } = readConfigurationFile({ named, workingDirectory });

  const given = new Map<string, unknown>();
  const sources = Object.fromEntries(configurationKeys.map((key) => [key, 'default'])) as Record<ConfigurationKey, ConfigurationSource>;
  for (const key of configurationKeys) {
    const fromFile = entries.get(key);
    const fromEnvironment = environment[key];
    if (fromEnvironment !== undefined && fromEnvironment !== '') {
      given.set(key, rules[key].fromText?.(fromEnvironment) ?? fromEnvironment);
      sources[key] = 'environment';
    } else if (fromFile !== undefined && fromFile !== null) {
      given.set(key, fromFile);
      sources[key] = 'file';
    }
  }

  const known: readonly string[] = configurationKeys;
  const unknownFaults = [...entries.keys()].filter((key) => !known.includes(key)).map(unknownKeyFault);
  const parsed = configurationSchema.safeParse(Object.fromEntries(given));
  const wrongKeys = new Set(parsed.error?.issues.map((issue) => issue.path[0]));
  const valueFaults = configurationKeys.filter((key) => wrongKeys.has(key)).map((key) => valueFault(key, given.get(key)));
  const faults = [...fileFaults, ...unknownFaults, ...valueFaults];
  if (faults.length > 0 || !parsed.success) throw new ConfigurationError(faults);

  if (parsed.data.OIDC_ISSUER !== null && parsed.data.OIDC_CLIENT_ID === null) {
    throw new ConfigurationError([
      'OIDC_CLIENT_ID: is not set, and OIDC_ISSUER is; needed is the id under which the provider knows this node',
    ]);
  }

  const configuration = toConfiguration(parsed.data, workingDirectory);
  const shown = {
    ...parsed.data,
    NODE_NAME: configuration.nodeName,
    NODE_KEY_FILE: configuration.nodeKeyFile,
    DATA_DIR: configuration.dataDir,
    MEDIA_ROOT: configuration.mediaRoot,
  };
  return { configuration, sources, settings: describeSettings(shown), file, warnings: warningsAbout(parsed.data) };
}

function toConfiguration(values: ConfigurationValues, workingDirectory: string): Configuration {
  const dataDir = resolve(workingDirectory, values.DATA_DIR);
  const mediaRoot = values.MEDIA_ROOT ?? resolve(dataDir, 'uploads');
  return {
    nodeName: values.NODE_NAME ?? hostname().slice(0, 100),
    nodeKey: values.NODE_KEY?.replaceAll('\\n', '\n') ?? null,
    nodeKeyIsPlaced: values.NODE_KEY !== null || values.NODE_KEY_FILE !== null,
    nodeKeyFile: resolve(workingDirectory, values.NODE_KEY_FILE ?? resolve(dataDir, 'node.key')),
    siteKeys: values.SITE_KEYS,
    siteApproval: values.SITE_APPROVAL,
    syncToken: values.SYNC_TOKEN,
    syncTokenPrevious: values.SYNC_TOKEN_PREVIOUS,
    feedNames: values.FEED_NAMES,
    externalAddress: values.EXTERNAL_ADDRESS,
    syncTime: values.SYNC_TIME,
    timeZone: values.TIME_ZONE,
    syncSpreadSeconds: values.SYNC_SPREAD_SECONDS,
    installedApps: values.INSTALLED_APPS,
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    dataDir,
    mediaRoot: mediaRoot.startsWith('s3://') ? mediaRoot : resolve(workingDirectory, mediaRoot),
    host: values.HOST,
    port: values.PORT,
    adminUsername: values.ADMIN_USERNAME,
    adminPassword: values.ADMIN_PASSWORD,
    adminToken: values.ADMIN_TOKEN,
    tokenMaximumDays: values.TOKEN_MAXIMUM_DAYS,
    secondFactor: values.SECOND_FACTOR,
    oidc: toOidc(values),
    syncAllowedMasters: values.SYNC_ALLOWED_MASTERS,
    syncConcurrency: values.SYNC_CONCURRENCY,
    syncOnExisting: values.SYNC_ON_EXISTING,
    offlineDeletions: values.OFFLINE_DELETIONS,
    guardPersons: values.GUARD_PERSONS,
    readLogDays: values.READ_LOG_DAYS,
    binDays: values.BIN_DAYS,
    logLevel: values.LOG_LEVEL,
  };
}

function toOidc(values: ConfigurationValues): OidcConfiguration | null {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId } = values;
  if (issuer === null || clientId === null) return null;
  return { issuer, clientId, clientSecret: values.OIDC_CLIENT_SECRET, roleClaim: values.OIDC_ROLE_CLAIM, roles: values.OIDC_ROLES };
}

function warningsAbout(values: ConfigurationValues): string[] {
  const warnings: string[] = [];
  for (const key of ['SYNC_TOKEN', 'SYNC_TOKEN_PREVIOUS'] as const) {
    const length = Array.from(values[key] ?? '').length;
    if (length > 0 && length < advisedTokenLength) {
      warnings.push(
        `${key} has ${length} characters; fewer than ${advisedTokenLength} can be guessed. "dossier token new" makes a good one.`,
      );
    }
  }
  if (values.SITE_KEYS === 'off') {
    warnings.push('SITE_KEYS is off: whoever holds SYNC_TOKEN reads all lists, and neither rights of sites nor their revocation are kept.');
  }
  if (values.SYNC_TOKEN_PREVIOUS !== null && values.SYNC_TOKEN === null) {
    warnings.push('SYNC_TOKEN_PREVIOUS is set but SYNC_TOKEN is not: this node neither serves the feed nor links.');
  }
  if (values.OIDC_ISSUER === null && (values.OIDC_CLIENT_ID !== null || values.OIDC_CLIENT_SECRET !== null)) {
    warnings.push('OIDC_ISSUER is not set: nobody signs in by OpenID Connect, whatever the other OIDC keys say.');
  }
  if (values.OIDC_ISSUER?.toLowerCase().startsWith('http:') === true) {
    warnings.push('OIDC_ISSUER begins with http: whoever is on the way to it can sign in as anybody. Use https.');
  }
  return warnings;
}

/**
 * The form in which two installations' external addresses are compared: letter case of scheme and host, a default
 * port and trailing slashes don't count. Text that is no URL is compared as it is.
 */
export function normaliseExternalAddress(value: string | null): string | null {
  const trimmed = value?.trim() ?? '';
  if (trimmed === '') return null;
  return (URL.parse(trimmed)?.href ?? trimmed).replace(/\/+$/, '');
}
