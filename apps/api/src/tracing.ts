import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { RequestHandler, Response } from 'express';

const serverError = 500;

/**
 * A span for each request, a part of the caller's trace if it sent one (W3C Trace Context); jobs that the request enqueues become parts of it.
 * Costs next to nothing where nobody collects traces. `routeOf` names the route once the answer is sent; addresses are never told.
 */
export function traceRequests(routeOf: (response: Response) => string): RequestHandler {
  const tracer = trace.getTracer('dossier-api');
  return (request, response, next) => {
    const { method } = request;
    const caller = propagation.extract(context.active(), request.headers);
    const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes: { 'http.request.method': method } }, caller);
    response.once('close', () => {
      const route = routeOf(response);
      span.updateName(`${method} ${route}`);
      span.setAttributes({ 'http.route': route, 'http.response.status_code': response.statusCode });
      if (response.statusCode >= serverError) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    context.with(trace.setSpan(caller, span), next);
  };
}
