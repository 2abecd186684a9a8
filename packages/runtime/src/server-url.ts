/**
 * Whether a URL says beyond doubt where its password ends. A `#`, `/`, `?`, `@` or `%` that stands in a password as it is makes a part of it look like a
 * host, a path or a fragment, and sends it to name servers and into messages.
 */
export function isUnambiguousUrl(value: string): boolean {
  const [, authority = '', rest = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)(.*)$/is.exec(value) ?? [];
  if (rest.includes('#') || rest.includes('@') || authority.split('@').length > 2) return false;
  return isEncoded(authority) && isEncoded(rest);
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false; // URIError is how a percent sign that begins no encoding is told
  }
}
