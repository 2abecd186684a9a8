import { z } from 'zod';
import { addressId } from '../../address.ts';

/** What the address says about the page of imports: into which list. */
export const importsSearch = z.object({ list: addressId });
