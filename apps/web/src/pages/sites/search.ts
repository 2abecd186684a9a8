import { z } from 'zod';

/** Groups of standings by which sites are looked for. */
export const siteGroups = ['look', 'waiting', 'behind', 'equal', 'invited', 'revoked'] as const;
export type SiteGroup = (typeof siteGroups)[number];

/** What the address says about the page of sites: filters, and `invite` opens the dialog that invites. */
export const sitesSearch = z.object({
  q: z.string().optional().catch(undefined),
  show: z.enum(siteGroups).optional().catch(undefined),
  list: z.int().positive().optional().catch(undefined),
  invite: z.literal(true).optional().catch(undefined),
});
export type SitesSearch = z.infer<typeof sitesSearch>;

/** The dialogs of a site. */
export const siteDialogs = ['accept', 'rest', 'refuse', 'grant', 'revoke', 'rename', 'forget', 'take-back', 'invite'] as const;
export type SiteDialog = (typeof siteDialogs)[number];

/** What the address says about the page of one site: which of its dialogs is open. */
export const siteSearch = z.object({ open: z.enum(siteDialogs).optional().catch(undefined) });
