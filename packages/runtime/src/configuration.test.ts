import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { configurationKeys } from './configuration-schema.ts';
import { ConfigurationError, loadConfiguration, normaliseExternalAddress } from './configuration.ts';
import type { LoadedConfiguration } from './configuration.ts';

let workingDirectory: string;

beforeEach(() => {
  workingDirectory = mkdtempSync(join(tmpdir(), 'dossier-configuration-'));
});

afterEach(() => {
  rmSync(workingDirectory, { recursive: true });
});

function load(environment: Record<string, string>, yaml?: string): LoadedConfiguration {
  if (yaml !== undefined) writeFileSync(join(workingDirectory, 'dossier.yaml'), yaml);
  return loadConfiguration({ environment, workingDirectory });
}

function faultsOf(environment: Record<string, string>, yaml?: string): readonly string[] {
  try {
    load(environment, yaml);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

describe('OpenID Connect', () => {
  const oidc = { OIDC_ISSUER: 'https://id.example/realms/site', OIDC_CLIENT_ID: 'dossiers' };

  it('maps values of a claim to roles, those of the same names unless it says otherwise', () => {
    expect(load(oidc).configuration.oidc).toEqual({
      issuer: 'https://id.example/realms/site',
      clientId: 'dossiers',
      clientSecret: null,
      roleClaim: 'roles',
      roles: { admin: ['admin'], operator: ['operator'], viewer: ['viewer'] },
    });
    const roles = { admin: ['cn=chiefs,ou=staff'], operator: ['desk', 'guards'], viewer: [] };
    expect(load({ ...oidc, OIDC_ROLES: '{admin: "cn=chiefs,ou=staff", operator: [desk, guards]}' }).configuration.oidc?.roles).toEqual(
      roles,
    );
    expect(load(oidc, 'OIDC_ROLES:\n  admin: cn=chiefs,ou=staff\n  operator: [desk, guards]\n').configuration.oidc?.roles).toEqual(roles);
  });

  it('is refused without the client, and where roles are none', () => {
    expect(faultsOf({ OIDC_ISSUER: oidc.OIDC_ISSUER }).join()).toMatch(/^OIDC_CLIENT_ID: is not set/);
    expect(faultsOf({ ...oidc, OIDC_ROLES: '{chief: [x]}' }).join()).toMatch(/^OIDC_ROLES: .*allowed is \{admin/);
    expect(faultsOf({ ...oidc, OIDC_ROLES: 'chiefs' }).join()).toMatch(/^OIDC_ROLES: /);
    expect(faultsOf({ SECOND_FACTOR: 'yes' }).join()).toMatch(/^SECOND_FACTOR: .*optional or required/);
  });

  it('warns of what is no use or no safe way', () => {
    expect(load({ OIDC_CLIENT_ID: 'dossiers' }).warnings.join()).toMatch(/OIDC_ISSUER is not set/);
    expect(load({ ...oidc, OIDC_ISSUER: 'http://id.example' }).warnings.join()).toMatch(/begins with http:/);
  });
});

describe('defaults', () => {
  it('are those of the documentation', () => {
    const { configuration, file, sources, warnings } = load({});
    expect(configuration).toEqual({
      nodeName: hostname(),
      nodeKey: null,
      nodeKeyIsPlaced: false,
      nodeKeyFile: join(workingDirectory, 'data/node.key'),
      siteKeys: 'prefer',
      siteApproval: 'none',
      syncToken: null,
      syncTokenPrevious: null,
      feedNames: null,
      externalAddress: null,
      syncTime: { hour: 3, minute: 0 },
      timeZone: 'UTC',
      syncSpreadSeconds: 300,
      installedApps: [],
      databaseUrl: null,
      redisUrl: null,
      dataDir: join(workingDirectory, 'data'),
      mediaRoot: join(workingDirectory, 'data/uploads'),
      host: '127.0.0.1',
      port: 8000,
      adminUsername: 'admin',
      adminPassword: null,
      adminToken: null,
      tokenMaximumDays: null,
      secondFactor: 'optional',
      oidc: null,
      syncAllowedMasters: null,
      syncConcurrency: 4,
      syncOnExisting: 'replace',
      offlineDeletions: 'restore',
      guardPersons: 1,
      readLogDays: 90,
      binDays: 30,
      logLevel: 'info',
    });
    expect(file).toBeNull();
    expect(warnings).toEqual([]);
    expect(new Set(Object.values(sources))).toEqual(new Set(['default']));
  });

  it('are what the documented example says, which names every key', () => {
    const example = join(import.meta.dirname, '../../../dossier.example.yaml');
    const loaded = loadConfiguration({ file: example, environment: {}, workingDirectory });
    expect(loaded.configuration).toEqual(load({}).configuration);
    expect(loaded.file).toBe(example);
    const keys = Object.keys(parse(readFileSync(example, 'utf8')) as object);
    expect(keys.toSorted()).toEqual(configurationKeys.toSorted());
  });
});

describe('sources', () => {
  it('lets the environment win over the file, key by key', () => {
    const { configuration, sources, file } = load({ PORT: '9000' }, 'PORT: 8001\nHOST: 0.0.0.0\n');
    expect([configuration.port, configuration.host]).toEqual([9000, '0.0.0.0']);
    expect([sources.PORT, sources.HOST, sources.LOG_LEVEL]).toEqual(['environment', 'file', 'default']);
    expect(file).toBe(join(workingDirectory, 'dossier.yaml'));
  });

  it('takes an empty variable and an empty key for not set', () => {
    const { configuration, sources } = load({ PORT: '', HOST: '' }, 'PORT: 8001\nSYNC_TOKEN:\nDATABASE_URL: null\n');
    expect([configuration.port, configuration.host, configuration.syncToken]).toEqual([8001, '127.0.0.1', null]);
    expect(sources.SYNC_TOKEN).toBe('default');
  });

  it('prefers the file that is named, by option before DOSSIER_CONFIG', () => {
    writeFileSync(join(workingDirectory, 'a.yaml'), 'PORT: 1111');
    writeFileSync(join(workingDirectory, 'b.yaml'), 'PORT: 2222');
    writeFileSync(join(workingDirectory, 'dossier.yaml'), 'PORT: 3333');
    const environment = { DOSSIER_CONFIG: 'b.yaml' };
    expect(loadConfiguration({ file: 'a.yaml', environment, workingDirectory }).configuration.port).toBe(1111);
    expect(loadConfiguration({ environment, workingDirectory }).configuration.port).toBe(2222);
    expect(loadConfiguration({ environment: {}, workingDirectory }).configuration.port).toBe(3333);
  });

  it('reads an empty file, and one with comments only', () => {
    expect(load({}, '').configuration.port).toBe(8000);
    expect(load({}, '# nothing yet\n').configuration.port).toBe(8000);
  });
});

describe('values', () => {
  it.each([
    ['SYNC_TIME: { hour: 4, minute: 30 }', {}],
    ['SYNC_TIME: 04:30', {}],
    ['SYNC_TIME: "4:30"', {}],
    ['', { SYNC_TIME: '04:30' }],
    ['', { SYNC_TIME: '{hour: 4, minute: 30}' }],
    ['', { SYNC_TIME: '{"hour":4,"minute":30}' }],
  ])('reads the time of day from %j %j', (yaml, environment) => {
    expect(load(environment, yaml).configuration.syncTime).toEqual({ hour: 4, minute: 30 });
  });

  it('reads lists separated by commas in the environment', () => {
    const { configuration } = load({
      INSTALLED_APPS: 'ffsecurity_sync',
      SYNC_ALLOWED_MASTERS: 'http://Master.Example:80/, https://10.0.0.1:8443',
    });
    expect(configuration.installedApps).toEqual(['ffsecurity_sync']);
    expect(configuration.syncAllowedMasters).toEqual(['http://master.example', 'https://10.0.0.1:8443']);
  });

  it('makes folders absolute and leaves buckets alone', () => {
    expect(load({ DATA_DIR: 'x', MEDIA_ROOT: 'photos' }).configuration).toMatchObject({
      dataDir: join(workingDirectory, 'x'),
      mediaRoot: join(workingDirectory, 'photos'),
    });
    expect(load({ MEDIA_ROOT: 's3://watch-lists/site-a' }).configuration.mediaRoot).toBe('s3://watch-lists/site-a');
    expect(load({ DATA_DIR: 'x' }).configuration.mediaRoot).toBe(join(workingDirectory, 'x/uploads'));
  });

  it('takes any token that is not empty, and warns about a short one without showing it', () => {
    const { configuration, warnings } = load({ SYNC_TOKEN: 'ABC_123456789' });
    expect(configuration.syncToken).toBe('ABC_123456789');
    expect(warnings).toEqual([expect.stringMatching(/^SYNC_TOKEN has 13 characters/)]);
    expect(warnings.join()).not.toContain('ABC');
    expect(load({ SYNC_TOKEN: 'x'.repeat(32) }).warnings).toEqual([]);
  });
});

describe('faults', () => {
  it.each([
    ['PORT', '0'],
    ['PORT', '65536'],
    ['PORT', '80x'],
    ['PORT', '8e3'],
    ['SYNC_TIME', '24:00'],
    ['SYNC_TIME', '03:60'],
    ['SYNC_TIME', '{hour: 3'],
    ['SYNC_TIME', 'noon'],
    ['TIME_ZONE', 'Mars/Olympus'],
    ['TIME_ZONE', '+03:00'],
    ['SYNC_SPREAD_SECONDS', '-1'],
    ['SYNC_SPREAD_SECONDS', '86400'],
    ['SYNC_CONCURRENCY', '0'],
    ['INSTALLED_APPS', 'ffsecurity-sync'],
    ['EXTERNAL_ADDRESS', 'master.example'],
    ['EXTERNAL_ADDRESS', 'ftp://master.example'],
    ['EXTERNAL_ADDRESS', 'http://master.example/?a=b'],
    ['DATABASE_URL', 'mysql://localhost/x'],
    ['DATABASE_URL', 'localhost:5432'],
    ['REDIS_URL', 'http://localhost'],
    ['MEDIA_ROOT', 's3://'],
    ['MEDIA_ROOT', 'https://bucket.example'],
    ['DATA_DIR', 's3://bucket'],
    ['HOST', 'http://localhost'],
    ['HOST', 'localhost:8000'],
    ['HOST', '256.1.1.1'],
    ['ADMIN_USERNAME', 'a:b'],
    ['ADMIN_TOKEN', 'a b'],
    ['SYNC_ALLOWED_MASTERS', 'http://a.example/path'],
    ['SYNC_ON_EXISTING', 'merge'],
    ['OFFLINE_DELETIONS', 'keep'],
    ['GUARD_PERSONS', '3'],
    ['TOKEN_MAXIMUM_DAYS', '0'],
    ['FEED_NAMES', 'https://master.example'],
    ['FEED_NAMES', 'master.example/feed'],
    ['LOG_LEVEL', 'verbose'],
  ])('refuses %s=%s in one line that begins with the key', (key, value) => {
    const faults = faultsOf({ [key]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${key}: .+; allowed is .+$`));
  });

  it('tells all of them at once, with the value and what is allowed', () => {
    const faults = faultsOf({ PORT: '0', LOG_LEVEL: 'loud' }, 'SYNC_ON_EXISTING: yes\nDATA_DRI: ./x\n');
    expect(faults).toEqual([
      '"DATA_DRI": there is no such key; did you mean DATA_DIR?',
      'PORT: 0 is not possible; allowed is a whole number from 1 to 65535',
      'SYNC_ON_EXISTING: "yes" is not possible; allowed is replace or refuse',
      'LOG_LEVEL: "loud" is not possible; allowed is fatal, error, warn, info, debug, trace, silent',
    ]);
  });

  it.each([
    ['PORT: "8000"', 'PORT'],
    ['PORT: 8000.5', 'PORT'],
    ['INSTALLED_APPS: ffsecurity_sync', 'INSTALLED_APPS'],
    ['SYNC_TIME: { hour: 3 }', 'SYNC_TIME'],
    ['SYNC_TIME: { hour: 3, minute: 0, second: 0 }', 'SYNC_TIME'],
    ['HOST: [127.0.0.1]', 'HOST'],
    ['SYNC_TOKEN: 12345678', 'SYNC_TOKEN'],
    ['LOG_LEVEL: {}', 'LOG_LEVEL'],
  ])('refuses the wrong type in the file: %s', (yaml, key) => {
    expect(faultsOf({}, yaml)).toEqual([expect.stringMatching(new RegExp(`^${key}: `))]);
  });

  it.each([
    ['sync_token: geheim', '"sync_token": there is no such key; did you mean SYNC_TOKEN?'],
    ['constructor: 1', '"constructor": there is no such key; allowed are '],
    ['__proto__: 1', '"__proto__": there is no such key; allowed are '],
  ])('refuses the unknown key in %s', (yaml, fault) => {
    expect(faultsOf({}, yaml)).toEqual([expect.stringContaining(fault)]);
  });

  it.each([
    ['PORT: 1\nPORT: 2\n', /line 2, column 1: not valid YAML \(duplicate key\)/],
    ['PORT: 1\n  HOST: x\n', /line 1, column \d+: not valid YAML/],
    ['HOST: [a\nPORT: 1\n', /line \d, column \d+: not valid YAML/],
    ['SYNC_TOKEN: *geheim\n', /anchors and aliases|not valid YAML/],
    ['SYNC_TOKEN: !geheim x\n', /line 1, column \d+: not valid YAML/],
    ['- PORT\n', /must be a map/],
    ['geheim', /must be a map/],
  ])('tells where %j is no usable YAML, without quoting it', (yaml, fault) => {
    const faults = faultsOf({}, yaml);
    expect(faults[0]).toMatch(fault);
    expect(faults.join()).not.toContain('geheim');
  });

  it('refuses a named file that is missing or a folder', () => {
    const attempt = (file: string) => () => loadConfiguration({ file, environment: {}, workingDirectory });
    expect(attempt('missing.yaml')).toThrow(/missing\.yaml: cannot be read: there is no such file/);
    expect(attempt('.')).toThrow(/cannot be read: it is a folder/);
  });

  it('never shows a secret', () => {
    const faults = faultsOf(
      {
        ADMIN_TOKEN: 'geheim 1',
        DATABASE_URL: 'mysql://user:geheim@host/db?password=geheim',
        REDIS_URL: 'redis//user:geheim@host',
        EXTERNAL_ADDRESS: 'http://user:geheim@host/',
        SYNC_ALLOWED_MASTERS: 'http://user:geheim@host,user:geheim@host',
        MEDIA_ROOT: 'https://key:geheim@host/bucket',
      },
      'SYNC_TOKEN: [geheim]\nSYNC_TOKEN_PREVIOUS: { geheim: 1 }\nADMIN_PASSWORD: [geheim]\nSYNC_TOKN: geheim\n',
    );
    expect(faults).toHaveLength(10);
    expect(faults.join('\n')).not.toContain('geheim');
    expect(faults.every((fault) => !fault.includes('\n'))).toBe(true);
  });

  it.each(['gehe#im', '12#geheim', '12/geheim', 'gehe/im', '12?geheim', 'gehe@im', '12@geheim', 'geheim%', 'gehe%zzim', '%E0%A4geheim'])(
    'refuses %j as the password in a URL, without showing a part of it, and takes it encoded',
    (password) => {
      for (const [key, scheme] of [['DATABASE_URL', 'postgres'] as const, ['REDIS_URL', 'redis'] as const]) {
        for (const user of ['', 'user']) {
          const faults = faultsOf({ [key]: `${scheme}://${user}:${password}@db.example:5432/0` });
          expect(faults, user).toHaveLength(1);
          expect(faults[0]).toMatch(new RegExp(`^${key}: .*# is %23`));
          expect(faults[0]).not.toMatch(/gehe|12/);
          const url = `${scheme}://${user}:${encodeURIComponent(password)}@db.example:5432/0`;
          const { configuration } = load({ [key]: url });
          expect([configuration.databaseUrl, configuration.redisUrl]).toContain(url);
        }
      }
    },
  );

  it('ends the program with 2', () => {
    expect(() => load({ PORT: 'x' })).toThrow(expect.objectContaining({ name: 'ConfigurationError', exitCode: 2 }));
  });
});

describe('normaliseExternalAddress', () => {
  it.each([
    ['http://172.20.77.120', 'http://172.20.77.120/'],
    ['http://Master.Example', 'HTTP://master.example///'],
    ['http://master.example:80', 'http://master.example'],
    ['https://master.example/App', 'https://MASTER.example:443/App/'],
    ['', null],
    [null, null],
  ])('takes %j and %j for the same', (left, right) => {
    expect(normaliseExternalAddress(left)).toBe(normaliseExternalAddress(right));
  });

  it.each([
    ['http://master.example', 'https://master.example'],
    ['http://master.example', 'http://master.example:8000'],
    ['http://master.example/a', 'http://master.example/A'],
    ['http://master.example', null],
  ])('tells %j from %j', (left, right) => {
    expect(normaliseExternalAddress(left)).not.toBe(normaliseExternalAddress(right));
  });
});
