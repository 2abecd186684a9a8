import type { Telemetry } from '@dossier/jobs/connection.ts';

/** Traces that are on. */
export interface Tracing {
  /** Carries the trace of a request along with the jobs that it enqueues. */
  readonly telemetry: Telemetry;
  /** Sends what hasn't been sent yet. */
  close(): Promise<void>;
}

const endpoints = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];

/**
 * Sends traces of requests and jobs to an OpenTelemetry collector (OTLP, JSON over HTTP) if the environment names one, by OpenTelemetry's own
 * variables; null otherwise, and then nothing of it is even loaded. A collector that is away costs traces and nothing else.
 */
export async function startTracing(environment: NodeJS.ProcessEnv, role: string): Promise<Tracing | null> {
  const named = endpoints.some((name) => (environment[name] ?? '') !== '');
  if (!named || environment['OTEL_SDK_DISABLED'] === 'true') return null;
  const [api, sdk, { OTLPTraceExporter }, { AsyncLocalStorageContextManager }, { W3CTraceContextPropagator }, resources, { BullMQOtel }] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/context-async-hooks'),
      import('@opentelemetry/core'),
      import('@opentelemetry/resources'),
      import('bullmq-otel'),
    ]);
  const provider = new sdk.TracerProvider({
    resource: resources
      .resourceFromAttributes({ 'service.name': `dossier-${role}` })
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  api.propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  api.trace.setGlobalTracerProvider(provider);
  return { telemetry: new BullMQOtel({ tracerName: 'dossier-jobs' }), close: () => provider.shutdown() };
}
