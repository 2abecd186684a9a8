import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, Response } from 'express';
import { isFailure } from '@dossier/domain/failure.ts';
import { ApplicationError, statusOf } from '@dossier/runtime/errors.ts';
import type { ErrorCode } from '@dossier/runtime/errors.ts';
import { readOn } from './read-on.ts';
import { translateDatabaseError } from '@dossier/postgres/postgres-errors.ts';

const retryAfterSeconds = 5;

/** What an error means to the one who asked. What nobody foresaw is INTERNAL, and tells nothing but where to look. */
function toApplicationError(error: unknown, requestId: string): ApplicationError {
  if (error instanceof ApplicationError) return error;
  const translated = translateDatabaseError(error);
  if (translated) return translated;
  const refusal = error instanceof Error ? fromHttpError(error) : null;
  if (refusal) return refusal;
  if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) {
    return new ApplicationError('UNAVAILABLE', 'The photo store has no space left. Nothing was changed.', { cause: error });
  }
  return new ApplicationError('INTERNAL', `Something went wrong in the node; its log tells more under the request ${requestId}.`, {
    cause: error,
  });
}

/** Errors of Express and its helpers carry the status that they ask for; their sentences are fit for the asker where `expose` is set. */
function fromHttpError(error: Error): ApplicationError | null {
  const status = 'status' in error && typeof error.status === 'number' ? error.status : 0;
  if (status < 400 || status > 499) return null;
  const codes: Record<number, ErrorCode> = { 404: 'NOT_FOUND', 413: 'TOO_LARGE', 415: 'UNSUPPORTED_MEDIA_TYPE' };
  const detail = error instanceof URIError ? 'The path is not properly encoded.' : 'The request can not be understood.';
  return new ApplicationError(codes[status] ?? 'BAD_PARAM', detail, { cause: error });
}

/** Answers with RFC 9457 problem details that also carry FindFace's flat envelope. */
function sendProblem(response: Response, error: ApplicationError): void {
  const status = statusOf(error.code);
  if (status === 401 && !response.hasHeader('WWW-Authenticate')) response.set('WWW-Authenticate', 'Token realm="dossiers"');
  if (status === 503 && !response.hasHeader('Retry-After')) response.set('Retry-After', String(retryAfterSeconds));
  response
    .status(status)
    .set('Cache-Control', 'no-store')
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `urn:dossier:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
        title: STATUS_CODES[status],
        status,
        detail: error.detail,
        code: error.code,
        desc: error.detail,
        param: error.param,
        cause: error.code !== 'INTERNAL' && isFailure(error.cause) ? error.cause.code : undefined,
        remedy: error.remedy,
        methods: error.methods,
      }),
    );
}

/** The one place where an error becomes an answer. */
export const answerProblem: ErrorRequestHandler = async (thrown: unknown, request, response, next) => {
  // Whoever asked has gone away: what was broken off for that is no defect.
  if (response.destroyed && !response.headersSent) return;
  const error = toApplicationError(thrown, typeof request.id === 'string' ? request.id : '');
  // The log line of the request carries it, once.
  if (statusOf(error.code) >= 500) response.err = error;
  if (response.headersSent) {
    // Too late for an answer: breaking off is the only way to say that this one is not whole.
    response.err = error;
    next(error);
    return;
  }
  // Whoever keeps the connection may stop sending as soon as the answer is there.
  if (!response.shouldKeepAlive) await readOn(request);
  sendProblem(response, error);
  await readOn(request);
};
