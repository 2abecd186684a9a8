/** Where a list stands in its history. */
export interface Position {
  /** Identity of the list's history; a new one after a restore or re-creation. */
  epoch: string;
  /** The number of the newest change, strictly growing in commit order. */
  revision: number;
  /** Dossiers in the list. */
  count: number;
  /** 64 hexadecimal digits: the digest of the list's tree (docs/protocol.md, "Digest"). */
  digest: string;
}

/** The digest of a list without dossiers. */
export const emptyDigest = 'c1907331c7989721d2f2e580313d624304be781adcf4811e2854f2a42037e043';
