import type { Command } from 'commander';
import got, { RequestError } from 'got';
import type { Got } from 'got';
import { z } from 'zod';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import { softwareVersion } from '@dossier/api/software-version.ts';
import { problemSchema } from '@dossier/protocol/problem.ts';
import { configurationOf } from './context.ts';
import type { Context } from './context.ts';

const timeoutMs = 30_000;

/** A running node, asked through its REST API. Answers that are no success become ExitErrors with the node's own sentence. */
export interface Client {
  readonly url: string;
  /** `path` without a leading slash. The answer is checked by `schema`. */
  get<Answer>(path: string, schema: z.ZodType<Answer>): Promise<Answer>;
  post<Answer>(path: string, body: unknown, schema: z.ZodType<Answer>): Promise<Answer>;
  patch<Answer>(path: string, body: unknown, schema: z.ZodType<Answer>): Promise<Answer>;
  delete(path: string): Promise<void>;
}

/** Adds what every command takes that asks a running node. */
export function addClientOptions(command: Command): Command {
  return command
    .option('--url <url>', 'the node to ask (default: made of HOST and PORT)')
    .option('--token <token>', 'API token (default: ADMIN_TOKEN)')
    .option('--json', 'print JSON for programs');
}

/** The client for a command's options and configuration. Throws ExitError 2 when there is no token or the URL is none. */
export function clientOf(command: Command, context: Context): Client {
  const options = command.optsWithGlobals<{ url?: string; token?: string }>();
  const { configuration } = configurationOf(command, context);
  const url = options.url ?? urlOf(configuration);
  const token = options.token ?? configuration.adminToken;
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new ExitError(2, `--url ${JSON.stringify(url)} is no http:// or https:// URL.`);
  }
  if (token === null || token === '') {
    throw new ExitError(2, 'An API token is needed.', {
      remedy: 'Set ADMIN_TOKEN as the node has it, or give --token; "dossier token create admin" on the node\'s host makes one.',
    });
  }
  return createClient(url, token);
}

function urlOf({ host, port }: Configuration): string {
  const everywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
  return `http://${everywhere[host] ?? (host.includes(':') ? `[${host}]` : host)}:${port}`;
}

/** A client for a node's URL and a token of one of its users. */
export function createClient(url: string, token: string): Client {
  const http = got.extend({
    prefixUrl: url,
    headers: { authorization: `Token ${token}`, accept: 'application/json', 'user-agent': `dossier-cli/${softwareVersion}` },
    throwHttpErrors: false,
    followRedirect: false,
    retry: { limit: 0 },
    timeout: { request: timeoutMs },
  });
  return {
    url,
    get: (path, schema) => ask(http, { method: 'GET', path, schema }),
    post: (path, body, schema) => ask(http, { method: 'POST', path, body, schema }),
    patch: (path, body, schema) => ask(http, { method: 'PATCH', path, body, schema }),
    delete: async (path) => {
      await ask(http, { method: 'DELETE', path, schema: z.unknown() });
    },
  };
}

interface Question<Answer> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly schema: z.ZodType<Answer>;
}

async function ask<Answer>(http: Got, { method, path, body, schema }: Question<Answer>): Promise<Answer> {
  const url = String(http.defaults.options.prefixUrl).replace(/\/$/, '');
  const response = await http(path, { method, ...(body === undefined ? {} : { json: body }) }).catch((error: unknown) => {
    throw unreachable(error, url);
  });
  const answer = parseJson(response.body);
  if (response.statusCode >= 400) throw refusal(response.statusCode, answer, url);
  const parsed = schema.safeParse(answer);
  if (!parsed.success) {
    throw new ExitError(
      1,
      `What answers at ${url} is no dossier node of this version (${method} /${path} answered ${response.statusCode}).`,
      {
        remedy: 'Look at --url, or at HOST and PORT.',
        cause: parsed.error,
      },
    );
  }
  return parsed.data;
}

function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it and the sentence names the address
  }
}

function unreachable(error: unknown, url: string): ExitError {
  const code = error instanceof RequestError ? error.code : '';
  if (code === 'ETIMEDOUT') return new ExitError(1, `The node at ${url} did not answer within ${timeoutMs / 1000} s.`, { cause: error });
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EHOSTUNREACH') {
    return new ExitError(1, `No node answers at ${url}.`, {
      remedy: 'Start it with "dossier start", or name another one with --url.',
      cause: error,
    });
  }
  return new ExitError(1, `The node at ${url} can't be asked: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}

function refusal(status: number, answer: unknown, url: string): ExitError {
  const problem = problemSchema.safeParse(answer);
  if (!problem.success) return strange(status, url);
  const { code, detail, param, cause } = problem.data;
  const sentence = `${param === undefined ? '' : `${param}: `}${detail}${cause === undefined ? '' : ` (${cause})`}`;
  if (code !== 'UNAUTHORIZED') return new ExitError(1, sentence);
  return new ExitError(1, `The node at ${url} refuses the token.`, {
    remedy: 'Give the node\'s ADMIN_TOKEN or --token; "dossier token create admin" on its host makes one.',
  });
}

/** The answer of what stands before a node, or in its place. */
function strange(status: number, url: string): ExitError {
  const found = `What answers at ${url} is no dossier node`;
  if (status === 413) {
    return new ExitError(1, `${found}, but perhaps a proxy that takes no body of this size (413).`, {
      remedy: 'Raise its limit, with nginx by client_max_body_size, or ask the node itself with --url.',
    });
  }
  if ([502, 503, 504].includes(status)) {
    return new ExitError(1, `${found}, but perhaps a proxy that doesn't reach it (${status}).`, {
      remedy: 'See that the node runs and that the proxy asks its port.',
    });
  }
  return new ExitError(1, `${found}: it says ${status}.`);
}
