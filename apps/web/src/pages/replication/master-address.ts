/** An address without a scheme is meant as plain http, as it is common in networks of sites. */
export function completed(address: string): string {
  const given = address.trim();
  return /^https?:\/\//i.test(given) ? given : `http://${given}`;
}
