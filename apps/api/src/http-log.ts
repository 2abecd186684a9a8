import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pinoHttp } from 'pino-http';
import type { HttpLogger } from 'pino-http';
import type { Logger } from '@dossier/runtime/logger.ts';

/** Asked every few seconds by machines: of interest only when it fails. */
const watched = new Set(['/healthz', '/readyz', '/metrics']);

/** The path alone: queries hold names of people, headers hold secrets. */
function pathOf(request: IncomingMessage): string {
  const url = 'originalUrl' in request && typeof request.originalUrl === 'string' ? request.originalUrl : (request.url ?? '');
  return url.split('?', 1)[0] ?? '';
}

/** Gives each request an id (a sane X-Request-Id is kept) and a line in the log when it is answered. */
export function logRequests(logger: Logger): HttpLogger {
  return pinoHttp<IncomingMessage, ServerResponse>({
    logger,
    genReqId(request, response) {
      const given = request.headers['x-request-id'];
      const id = typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    customLogLevel(request, response) {
      if (response.statusCode >= 500) return 'error';
      return watched.has(pathOf(request)) ? 'debug' : 'info';
    },
    wrapSerializers: false,
    quietReqLogger: true,
    customAttributeKeys: { reqId: 'requestId' },
    serializers: {
      req: (request: IncomingMessage) => ({ method: request.method, path: pathOf(request) }),
      res: (response: ServerResponse) => ({ status: response.statusCode }),
    },
  });
}
