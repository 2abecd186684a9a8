import type { Metrics } from '../metrics.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';

export function metricsRoutes(metrics: Metrics): Route[] {
  return [
    {
      method: 'get',
      path: '/metrics',
      access: 'viewer',
      operation: {
        tags: ['Health'],
        summary: 'Numbers for Prometheus',
        responses: {
          ...answers({}),
          '200': { description: 'Text form of Prometheus', content: { 'text/plain': { schema: { type: 'string' } } } },
        },
      },
      async handle(_request, response) {
        const { text, contentType } = await metrics.scrape();
        response.set('Content-Type', contentType).send(text);
      },
    },
  ];
}
