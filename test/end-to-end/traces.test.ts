import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { NodeProcess } from '../kit/node-process.ts';

const spanSchema = z.object({ traceId: z.string(), spanId: z.string(), parentSpanId: z.string().optional(), name: z.string() });
const exportSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(z.object({ key: z.string(), value: z.object({ stringValue: z.string().optional() }) })) }),
      scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })),
    }),
  ),
});
type Span = z.output<typeof spanSchema> & { service: string | undefined };

const spans: Span[] = [];
/** Stands for an OpenTelemetry collector. */
const collector = createServer((request, response) => {
  json(request).then(
    (body) => {
      for (const { resource, scopeSpans } of exportSchema.parse(body).resourceSpans) {
        const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue;
        spans.push(...scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, service }))));
      }
      response.setHeader('content-type', 'application/json').end('{}');
    },
    () => response.writeHead(400).end(),
  );
});
let node: NodeProcess;

beforeAll(async () => {
  await once(collector.listen(0, '127.0.0.1'), 'listening');
  const { port } = collector.address() as AddressInfo;
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
  node = await NodeProcess.create('traced', { topology: { workers: 1 }, environment });
});
afterAll(async () => {
  await node?.remove();
  collector.close();
});

test('a request, the job that it enqueues and the work of another process are one trace, which the caller began', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const headers = {
    authorization: 'Token the-token-of-the-tests',
    'content-type': 'application/json',
    traceparent: `00-${traceId}-b7ad6b7169203331-01`,
  };
  const list = await fetch(`${node.url}/dossier-lists/`, { method: 'POST', headers, body: JSON.stringify({ name: 'Traced' }) });
  const { id } = z.object({ id: z.int() }).parse(await list.json());
  const body = { remote_dossier_list: 1, remote_url: node.url, slave_dossier_list: id };
  const linked = await fetch(`${node.url}/sync/dossier-lists/`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(linked.status).toBe(202);
  const ofTrace = (): string[] => spans.filter((span) => span.traceId === traceId).map(({ service, name }) => `${service}: ${name}`);
  await expect
    .poll(ofTrace, { timeout: 20_000 })
    .toEqual(
      expect.arrayContaining([
        'dossier-api: POST /dossier-lists/',
        'dossier-api: POST /sync/dossier-lists/',
        expect.stringMatching(/^dossier-api: add commands/),
        expect.stringMatching(/^dossier-worker: process commands/),
      ]),
    );
});
