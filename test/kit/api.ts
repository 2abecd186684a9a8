import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { listRoutes } from '@dossier/api/app.ts';
import type { ApiDependencies } from '@dossier/api/dependencies.ts';
import { createMetrics } from '@dossier/api/metrics.ts';
import { describeApi } from '@dossier/api/openapi.ts';
import { startApi } from '@dossier/api/serve.ts';
import type { Role } from '@dossier/domain/role.ts';
import { openPhotoStore } from '@dossier/photos/open-photo-store.ts';
import { problemSchema, problemStatus } from '@dossier/protocol/problem.ts';
import { createLogger } from '@dossier/runtime/logger.ts';
import { readNodeUuid } from '@dossier/registry/node.ts';
import { issueToken } from '@dossier/accounts/tokens.ts';
import { createUser } from '@dossier/accounts/users.ts';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';
import { createAnswerCheck } from './openapi.ts';
import type { OpenApiDocument } from './openapi.ts';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: unknown;
}

export interface CallOptions {
  /** JSON unless it is a form or a text. */
  body?: unknown;
  headers?: Record<string, string>;
  role?: Role;
}

export interface TestApi {
  url: string;
  test: TestDatabase;
  tokens: Record<Role, string>;
  deps: ApiDependencies;
  /** The raw answer, checked against the OpenAPI document; as admin unless a role is given. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** The answer's body, having checked its status and its schema. */
  want<Schema extends z.ZodType>(
    status: number,
    schema: Schema,
    request: [method: string, path: string, body?: unknown],
  ): Promise<z.output<Schema>>;
  /** The problem that a request must be answered with. */
  refused(
    code: keyof typeof problemStatus,
    request: [method: string, path: string, body?: unknown],
    param?: string,
  ): Promise<z.output<typeof problemSchema>>;
  stop(): Promise<void>;
}

/** What differs from the plain API, if it needs the database: made from it. */
export type Overrides = Partial<ApiDependencies> | ((node: { test: TestDatabase; nodeUuid: string }) => Promise<Partial<ApiDependencies>>);

/** A real API on a database of its own, with a user of each role. */
export async function startTestApi(overrides: Overrides = {}): Promise<TestApi> {
  const test = await createTestDatabase();
  const nodeUuid = await readNodeUuid(test.database);
  const folder = await mkdtemp(join(tmpdir(), 'dossier-api-'));
  const deps: ApiDependencies = {
    configuration: {
      host: '127.0.0.1',
      port: 0,
      nodeName: 'Test node',
      installedApps: [],
      tokenMaximumDays: null,
      binDays: 30,
      secondFactor: 'optional',
      oidc: null,
      externalAddress: null,
    },
    logger: createLogger({ level: 'silent', name: 'test', pretty: false }),
    database: test.database,
    photos: openPhotoStore(folder),
    queues: {
      prove: () => Promise.resolve(null),
      lastWork: () => Promise.resolve(new Date()),
      counts: () => Promise.reject(new Error('there is no queue')),
    },
    nodeUuid,
    probeMaster: () => Promise.resolve('available'),
    routes: [],
    mounts: [],
    ...(typeof overrides === 'function' ? await overrides({ test, nodeUuid }) : overrides),
  };
  const tokens = {} as Record<Role, string>;
  for (const role of ['admin', 'operator', 'viewer'] as const) {
    const user = await createUser(test.database, { name: role, role, password: `${role}-password` });
    tokens[role] = (await issueToken(test.database, { userId: user.id, kind: 'api', label: 'test', lifetimeMs: null })).token;
  }
  const api = await startApi(deps);
  const checkAnswer = createAnswerCheck(describeApi(listRoutes(deps, createMetrics(deps.database))) as OpenApiDocument);

  const call: TestApi['call'] = async (method, path, { body, headers = {}, role = 'admin' } = {}) => {
    const plain = body === undefined || typeof body === 'string' || body instanceof FormData || body instanceof Uint8Array;
    const response = await fetch(api.url + path, {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Token ${tokens[role]}`,
        ...(body === undefined || body instanceof FormData ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: plain ? (body as string | FormData | Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    const json: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
    if (response.status >= 400 && json !== undefined && !path.startsWith('/readyz')) checkProblem(response, json);
    checkAnswer({ method, path, status: response.status, contentType: response.headers.get('content-type'), json });
    return { status: response.status, headers: response.headers, text, json };
  };
  return {
    url: api.url,
    test,
    tokens,
    deps,
    call,
    async want(status, schema, [method, path, body]) {
      const answer = await call(method, path, { body });
      if (answer.status !== status) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text.slice(0, 500)}`);
      return schema.parse(answer.json);
    },
    async refused(code, [method, path, body], param) {
      const answer = await call(method, path, { body });
      const problem = problemSchema.parse(answer.json);
      if (problem.code !== code || problem.param !== param) {
        throw new Error(
          `${method} ${path} was refused with ${problem.code} (param ${problem.param}), not ${code} (param ${param}): ${answer.text}`,
        );
      }
      return problem;
    },
    async stop() {
      await api.close();
      await test.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Every refusal is problem+json whose status, code and description agree. */
function checkProblem(response: Response, json: unknown): void {
  const problem = problemSchema.parse(json);
  const faults = [
    response.headers.get('content-type')?.startsWith('application/problem+json') !== true && 'content type',
    problem.status !== response.status && 'status',
    problemStatus[problem.code] !== response.status && 'code',
    problem.desc !== problem.detail && 'desc',
    /\\n\s+at |node_modules|\bselect |insert into|update \w+ set/.test(JSON.stringify(json)) && 'SQL or stack',
    response.status === 401 && response.headers.get('www-authenticate') === null && 'WWW-Authenticate',
    response.status === 503 && response.headers.get('retry-after') === null && 'Retry-After',
  ].filter((fault) => fault !== false);
  if (faults.length > 0) throw new Error(`The problem has wrong ${faults.join(', ')}: ${JSON.stringify(json)}`);
}
