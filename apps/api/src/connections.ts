import type { ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { ApplicationError } from '@dossier/runtime/errors.ts';

/** Node takes a line that moved within the first of these times for a slow one, and breaks it off after the second. */
const stallMs = 20_000;

/** Breaks an answer off of which nothing is taken for 20 to 40 seconds: whoever doesn't read holds neither memory nor a place for good. */
export function endStalled(response: ServerResponse): void {
  const { socket } = response;
  const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => ServerResponse;
  response.writeHead = (...given: unknown[]) => {
    socket?.setTimeout(stallMs);
    return writeHead(...given);
  };
  // A timeout is also one of a node that has nothing to send yet.
  response.on('timeout', () => {
    if (socket && socket.writableLength > 0) socket.destroy();
  });
}

/** Refuses what two servers could understand in two ways: another host than the one that is named, or none. BAD_PARAM; the connection ends. */
export const refuseAmbiguous: RequestHandler = (request, response, next) => {
  const fault = ambiguityOf(request);
  if (fault === null) return next();
  response.set('Connection', 'close');
  throw new ApplicationError('BAD_PARAM', `${fault} The request was not looked at.`);
};

function ambiguityOf({ httpVersionMajor, headersDistinct }: Parameters<RequestHandler>[0]): string | null {
  const hosts = headersDistinct['host'] ?? [];
  if (httpVersionMajor < 1) return 'HTTP/0.9 is not spoken here.';
  if (hosts.length > 1) return 'The header Host stands in it more than once.';
  return hosts.some((host) => !/^[\w.~%:[\]-]*$/.test(host.trim())) ? 'The header Host names no host.' : null;
}
