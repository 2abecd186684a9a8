import { z } from 'zod';

/** What the address says about the page of offline deletions: those that wait, or those that are settled; all where it says nothing. */
export const offlineDeletionsSearch = z.object({ show: z.enum(['open', 'settled']).optional().catch(undefined) });
