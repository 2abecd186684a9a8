import type { Request } from 'express';
import type { Configuration } from '@dossier/runtime/configuration.ts';

/**
 * The origin by which a browser reaches this node. EXTERNAL_ADDRESS knows the scheme better where it is of the same host: a proxy that ends TLS elsewhere says nothing of
 * it that could be believed. On slaves it is the master's, and of no use here.
 */
export function publicOrigin(request: Request, { externalAddress }: Pick<Configuration, 'externalAddress'>): URL {
  const host = (request.headers.host ?? '').toLowerCase();
  const external = externalAddress === null ? null : new URL(externalAddress);
  return external?.host === host ? new URL(external.origin) : new URL(`${request.protocol}://${host}`);
}

/** As `publicOrigin`, for what a script of our own page sends: the browser itself says its origin, whose host was looked at (`requireSameOrigin`). */
export function pageOrigin(request: Request, configuration: Pick<Configuration, 'externalAddress'>): URL {
  const said = URL.parse(request.get('origin') ?? '');
  return said?.host === request.headers.host?.toLowerCase() && said !== null ? said : publicOrigin(request, configuration);
}
