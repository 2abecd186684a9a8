/** Where a list stands in its history. */
export interface Position {
  /** Identity of the list's history; a new one after a restore or re-creation. */
  epoch: string;
  /** The list's counter, strictly growing in commit order. */
  revision: number;
  /** Dossiers in the list. */
  count: number;
  /** 32 hexadecimal digits: XOR of the content hashes (128 bits) of the list's dossiers. */
  digest: string;
}

export const emptyDigest = '0'.repeat(32);

/** XOR of two digests of 32 hexadecimal digits: what one list has and the other has not. */
export function combineDigests(a: string, b: string): string {
  return (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(16).padStart(32, '0');
}
