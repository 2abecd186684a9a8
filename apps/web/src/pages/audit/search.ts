import { z } from 'zod';
import { addressDay, addressText } from '../../address.ts';

/** What the address says about the page of the audit: its filters. The days are those of the calendar; `until` is the first that isn't shown. */
export const auditSearch = z.object({ actor: addressText, action: addressText, via: addressText, since: addressDay, until: addressDay });
export type AuditSearch = z.infer<typeof auditSearch>;
