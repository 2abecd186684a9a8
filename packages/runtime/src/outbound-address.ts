import { lookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { BlockList, isIP, setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';

/**
 * Addresses that no node, webhook or bucket of ours can have, but from which a request made by this host might fetch what is meant for this
 * host alone: link-local ones and the metadata services of clouds. Loopback and private networks are not among them, since masters live there.
 */
const refused = new BlockList();
refused.addSubnet('169.254.0.0', 16, 'ipv4'); // link-local, RFC 3927; nearly every cloud's metadata service
refused.addAddress('100.100.100.200', 'ipv4'); // metadata of Alibaba Cloud
refused.addAddress('168.63.129.16', 'ipv4'); // the host agent of Azure
refused.addAddress('192.0.0.192', 'ipv4'); // metadata of Oracle Cloud
refused.addSubnet('fe80::', 10, 'ipv6'); // link-local, RFC 4291
refused.addAddress('fd00:ec2::254', 'ipv6'); // metadata of AWS
refused.addAddress('fd20:ce::254', 'ipv6'); // metadata of Google Cloud

/** IPv6 forms that carry an IPv4 address to its destination: where in the eight groups of the address the two groups of it are. */
const carriers: readonly [network: string, bits: number, at: number][] = [
  ['::', 96, 6], // IPv4-compatible
  ['::ffff:0:0', 96, 6], // IPv4-mapped
  ['64:ff9b::', 96, 6], // NAT64, RFC 6052
  ['2002::', 16, 1], // 6to4
];

/**
 * Whether requests must not go to this address. Anything that is no IP address is not refused here: its name has to be resolved first, see
 * {@link lookupOutbound}.
 * @param host an IP address, IPv6 with or without the brackets of URLs
 */
export function isRefusedAddress(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  const family = isIP(address);
  if (family === 4) return refused.check(address, 'ipv4');
  if (family !== 6) return false;
  return refused.check(address, 'ipv6') || carriedAddresses(address).some((carried) => refused.check(carried, 'ipv4'));
}

function carriedAddresses(address: string): string[] {
  return carriers.flatMap(([network, bits, at]) => {
    const carrier = new BlockList();
    carrier.addSubnet(network, bits, 'ipv6');
    if (!carrier.check(address, 'ipv6')) return [];
    const groups = groupsOf(address);
    const numbers = [groups[at] ?? 0, groups[at + 1] ?? 0];
    return numbers.length === 2 ? [numbers.map((group) => `${group >> 8}.${group & 255}`).join('.')] : [];
  });
}

/** The eight 16-bit groups of an IPv6 address; the URL parser writes all its forms, also those with dots, as hexadecimal groups. */
function groupsOf(address: string): number[] {
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const numbers = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const before = numbers(head);
  const after = numbers(tail ?? '');
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}

/** A name led to an address that {@link isRefusedAddress} refuses. */
export class RefusedAddressError extends Error {
  override readonly name = 'RefusedAddressError';
  readonly code = 'ERR_ADDRESS_REFUSED';

  constructor(host: string) {
    super(`${host} leads to a link-local address or to the metadata service of a cloud`);
  }
}

/** Finds the addresses of a name, as `dns.lookup` with `all`. */
export type Resolve = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** What `net.connect` and everything above it takes as `lookup`. */
export type OutboundLookup = (
  hostname: string,
  options: LookupOptions,
  callback: (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void,
) => void;

/**
 * Resolves names for outgoing connections and fails with RefusedAddressError if any of a name's addresses is refused. A connection goes to
 * the addresses that were looked at here, without a second resolution, so a name can't be swapped in between (DNS rebinding).
 */
export function createOutboundLookup(resolve: Resolve = lookup): OutboundLookup {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error) callback(error, '');
      else if (addresses.some(({ address }) => isRefusedAddress(address))) callback(new RefusedAddressError(hostname), '');
      else if (options.all === true) callback(null, addresses);
      else callback(null, first?.address ?? '', first?.family);
    });
  };
}

/** Half of what a connection to a master may take in all. */
const attemptMs = 4000;

/**
 * Gives each address of a name four seconds to take a connection, for all connections of this process. Node gives it a quarter of one by default and
 * then goes on to the next address, so that over a line that takes longer a name is never reached whose last address doesn't answer.
 */
export function bePatientWithAddresses(): void {
  setDefaultAutoSelectFamilyAttemptTimeout(attemptMs);
}
