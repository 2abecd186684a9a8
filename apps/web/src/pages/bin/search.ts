import { z } from 'zod';
import { addressId, addressText } from '../../address.ts';

/** What the address says about the bin: what is looked for, in which list, and the deletion whose dossiers are shown. */
export const binSearch = z.object({ q: addressText, list: addressId, deletion: addressId });
export type BinSearch = z.infer<typeof binSearch>;
