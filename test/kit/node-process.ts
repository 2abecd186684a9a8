import { spawn } from 'node:child_process';
import { createAnswerCheck } from './openapi.ts';
import type { AnswerToCheck, CheckAnswer, OpenApiDocument } from './openapi.ts';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import type { Link, Run } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';
import { freePort } from './free-port.ts';

const executable = fileURLToPath(new URL('../../apps/cli/bin/dossier.mjs', import.meta.url));
const pollMs = 50;

/** How a node is run: as one process, or as one api and several workers; its queue in PostgreSQL unless a Redis is named. */
export interface Topology {
  workers: number | 'in the same process';
  redisUrl?: string;
}

/** A node of real processes on a database of its own, driven through its REST API. */
export class NodeProcess {
  readonly name: string;
  readonly topology: Topology;
  readonly test: TestDatabase;
  readonly folder: string;
  readonly port: number;
  /** ADMIN_TOKEN. */
  readonly token = 'the-token-of-the-tests';
  environment: Record<string, string>;
  readonly processes: ChildProcess[] = [];

  private constructor(
    name: string,
    options: { topology: Topology; environment: Record<string, string> },
    made: { test: TestDatabase; folder: string; port: number },
  ) {
    this.name = name;
    this.topology = options.topology;
    this.environment = options.environment;
    this.test = made.test;
    this.folder = made.folder;
    this.port = made.port;
  }

  /** On a database of the suite's cluster, unless another one is given. */
  static async create(
    name: string,
    options: { topology: Topology; environment?: Record<string, string>; test?: TestDatabase },
  ): Promise<NodeProcess> {
    const made = {
      test: options.test ?? (await createTestDatabase()),
      folder: await mkdtemp(join(tmpdir(), `dossier-${name}-`)),
      port: await freePort(),
    };
    const node = new NodeProcess(name, { topology: options.topology, environment: options.environment ?? {} }, made);
    const migration = node.spawn('migrate');
    const [code] = (await once(await migration, 'exit')) as [number];
    if (code !== 0) throw new Error(`${name}: dossier migrate ended with ${code}\n${await node.log()}`);
    await node.start();
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What the node's own processes are given. */
  private get settings(): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      DATABASE_URL: this.test.url,
      DATA_DIR: join(this.folder, 'data'),
      HOST: '127.0.0.1',
      PORT: String(this.port),
      ADMIN_PASSWORD: 'correct-horse-battery',
      ADMIN_TOKEN: 'the-token-of-the-tests',
      SYNC_TOKEN: 'ABC_123456789',
      EXTERNAL_ADDRESS: 'http://dossiers.example',
      SYNC_SPREAD_SECONDS: '0',
      ...(this.topology.redisUrl !== undefined && { REDIS_URL: this.topology.redisUrl }),
      ...this.environment,
    };
  }

  private async spawn(command: string): Promise<ChildProcess> {
    const log = await open(join(this.folder, 'node.log'), 'a');
    const child = spawn(process.execPath, [executable, command], {
      cwd: this.folder,
      env: this.settings,
      stdio: ['ignore', log.fd, log.fd],
    });
    await log.close();
    return child;
  }

  log(): Promise<string> {
    return readFile(join(this.folder, 'node.log'), 'utf8');
  }

  async start(): Promise<void> {
    const { workers } = this.topology;
    const commands = workers === 'in the same process' ? ['start'] : ['api', ...Array.from({ length: workers }, () => 'worker')];
    for (const command of commands) this.processes.push(await this.spawn(command));
    await this.until('ready', async () => {
      const ended = this.processes.find((child) => child.exitCode !== null);
      if (ended) throw new Error(`${this.name} ended with ${ended.exitCode}\n${await this.log()}`);
      return fetch(`${this.url}/readyz`).then(
        (response) => response.ok,
        () => false,
      );
    });
  }

  /** Ends all processes; returns their exit codes and how long it took. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<{ codes: (number | null)[]; tookMs: number }> {
    const begun = performance.now();
    const ending = this.processes.filter((child) => child.exitCode === null && child.signalCode === null);
    const codes = await Promise.all(
      ending.map(async (child) => {
        const ended = once(child, 'exit') as Promise<[number | null]>;
        child.kill(signal);
        return (await ended)[0];
      }),
    );
    this.processes.length = 0;
    return { codes, tookMs: performance.now() - begun };
  }

  /** Kills a process of this role. */
  async kill(role: 'api' | 'worker' | 'start'): Promise<void> {
    const child = this.processOf(role);
    this.processes.splice(this.processes.indexOf(child), 1);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Runs a command of the executable that asks this node; its exit code and what it printed. */
  cli(...parameters: string[]): Promise<{ code: number | null; printed: string }> {
    return this.run(parameters, { PATH: process.env['PATH'], PORT: String(this.port), ADMIN_TOKEN: 'the-token-of-the-tests' });
  }

  /** Runs a command of the executable on the node's host, with its settings. */
  onHost(...parameters: string[]): Promise<{ code: number | null; printed: string }> {
    return this.run(parameters, this.settings);
  }

  private async run(parameters: readonly string[], env: NodeJS.ProcessEnv): Promise<{ code: number | null; printed: string }> {
    const child = spawn(process.execPath, [executable, ...parameters], {
      cwd: this.folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, printed };
  }

  /** Sends a signal to a process of this role, which stays a part of the node. */
  signal(role: 'api' | 'worker' | 'start', signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.processOf(role).kill(signal);
  }

  private processOf(role: string): ChildProcess {
    const child = this.processes.find(({ spawnargs }) => spawnargs.at(-1) === role);
    if (!child) throw new Error(`${this.name} has no process ${role}`);
    return child;
  }

  /** Starts one more process of this role. */
  async launch(role: 'api' | 'worker' | 'start'): Promise<void> {
    this.processes.push(await this.spawn(role));
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    await this.test.drop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Waits until a condition holds; fails with the node's log. */
  async until(what: string, holds: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`${this.name}: not ${what} in ${timeoutMs} ms\n${(await this.log()).slice(-3000)}`);
      await delay(pollMs);
    }
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; json: unknown }> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        authorization: 'Token the-token-of-the-tests',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json: unknown = text === '' ? undefined : JSON.parse(text);
    await this.check({ method, path, status: response.status, contentType: response.headers.get('content-type'), json });
    return { status: response.status, json: json ?? null };
  }

  private checkAnswer: Promise<CheckAnswer> | undefined;

  /** Every answer has to be what the node's own OpenAPI document says. */
  private async check(answer: AnswerToCheck): Promise<void> {
    this.checkAnswer ??= fetch(`${this.url}/openapi.json`, { headers: { authorization: 'Token the-token-of-the-tests' } }).then(
      async (response) => createAnswerCheck((await response.json()) as OpenApiDocument),
    );
    (await this.checkAnswer)(answer);
  }

  /** The answer's body, checked by its status and its schema. */
  async want<Schema extends z.ZodType>(
    status: number,
    schema: Schema,
    request: [method: string, path: string, body?: unknown],
  ): Promise<z.output<Schema>> {
    const answer = await this.call(...request);
    if (answer.status !== status)
      throw new Error(`${this.name}: ${request[0]} ${request[1]} answered ${answer.status}: ${JSON.stringify(answer.json)}`);
    return schema.parse(answer.json);
  }

  async makeList(name: string): Promise<number> {
    return (await this.want(201, watchListSchema, ['POST', '/dossier-lists/', { name }])).id;
  }

  async makeDossier(lists: number[], fields: Record<string, unknown>): Promise<number> {
    return (await this.want(201, dossierSchema, ['POST', '/dossiers/', { dossier_lists: lists, ...fields }])).id;
  }

  /** Imports dossiers, a line of JSON each. */
  async import(list: number, lines: readonly string[]): Promise<void> {
    const answer = await fetch(`${this.url}/dossier-lists/${list}/import/`, {
      method: 'POST',
      headers: { authorization: 'Token the-token-of-the-tests', 'content-type': 'application/x-ndjson' },
      body: lines.join('\n'),
    });
    if (!answer.ok) throw new Error(`${this.name}: the import answered ${answer.status}: ${await answer.text()}`);
  }

  async dossiers(list: number): Promise<z.output<typeof dossierSchema>[]> {
    return (await this.want(200, pageOf(dossierSchema), ['GET', `/dossiers/?dossier_lists=${list}&limit=1000&ordering=id`])).results;
  }

  link(masterUrl: string, remote: number, local: number): Promise<Link> {
    return this.want(202, linkSchema, [
      'POST',
      '/sync/dossier-lists/',
      { remote_dossier_list: remote, remote_url: masterUrl, slave_dossier_list: local },
    ]);
  }

  async linkIn(local: number, state: Link['state']): Promise<Link> {
    let link: Link | undefined;
    await this.until(`${state} (list ${local})`, async () => {
      link = await this.want(200, linkSchema, ['GET', `/sync/dossier-lists/${local}/`]);
      return link.state === state;
    });
    if (!link) throw new Error('no link');
    return link;
  }

  async runs(local: number): Promise<Run[]> {
    return (await this.want(200, pageOf(runSchema), ['GET', `/sync/dossier-lists/${local}/runs/?limit=100`])).results;
  }

  /** Asks for a sync and follows it to its end. */
  async sync(local: number, mode: 'auto' | 'full' | 'verify' = 'auto'): Promise<Run> {
    const asked = await this.want(202, runSchema, ['POST', `/sync/dossier-lists/${local}/sync/`, { mode }]);
    let run: Run | undefined;
    await this.until(`through with run ${asked.id}`, async () => {
      run = (await this.runs(local)).find(({ id }) => id === asked.id);
      return run?.finished_date != null;
    });
    if (!run) throw new Error('no run');
    return run;
  }
}

/** What has to be equal on both sides, without local ids and dates. */
export function contentOf(dossiers: readonly z.output<typeof dossierSchema>[]): unknown[] {
  return dossiers
    .map(({ name, comment, active, meta, external_id: externalId, face_count: faces }) => ({
      name,
      comment,
      active,
      meta,
      externalId,
      faces,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
