import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Only our own scripts, styles and pictures; nothing from the internet, which many sites can't reach and all would notice. */
const directives = {
  'default-src': ["'self'"],
  'base-uri': ["'self'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'self'"],
  'img-src': ["'self'", 'data:', 'blob:'],
  'object-src': ["'none'"],
};

/** The same policy as a header's text, for a page whose scripts make styles: those that carry the nonce are allowed. */
export function contentSecurityPolicy({ styleNonce }: { styleNonce: string }): string {
  const withStyles = { ...directives, 'style-src': ["'self'", `'nonce-${styleNonce}'`] };
  return Object.entries(withStyles)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join('; ');
}

function protect(encrypted: boolean): RequestHandler {
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives },
    // On plain http, which is common in the networks of such sites, browsers would be sent to where nobody listens.
    strictTransportSecurity: encrypted,
    crossOriginOpenerPolicy: encrypted,
    originAgentCluster: encrypted,
  });
}

/** Headers that keep browsers from harm, according to whether this very request came over TLS. */
export function protectBrowsers(): RequestHandler {
  const overTls = protect(true);
  const overPlainHttp = protect(false);
  return (request, response, next) => {
    (request.secure ? overTls : overPlainHttp)(request, response, next);
  };
}
