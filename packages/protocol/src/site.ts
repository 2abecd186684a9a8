import { z } from 'zod';
import { looseBoolean, timeSchema, idSchema } from './values.ts';

/** pending: it waits for a person, or for the node that was invited. revoked: for good. */
export const siteStates = ['pending', 'accepted', 'revoked'] as const;
export type SiteState = (typeof siteStates)[number];

const name = z
  .string()
  .trim()
  .regex(/^[^\p{C}]{1,100}$/u, 'must have 1 to 100 characters that can be seen');
const lists = z.array(idSchema).max(10_000).nullable();

/** What a person should look at. */
export const siteAlertSchema = z.looseObject({ code: z.string(), desc: z.string(), remedy: z.string(), date: timeSchema });
export type SiteAlert = z.infer<typeof siteAlertSchema>;

/** Without a `key` an invitation is made. Without `lists`, or with null, all are granted. */
export const siteCreation = z
  .strictObject({ name, lists: lists.optional(), key: z.string().max(1000).optional() })
  .meta({ id: 'SiteCreation' });

/** `purge` says what becomes of copies of lists that are taken away: deleted, or kept and not shown. */
export const siteChange = z
  .strictObject({ name: name.optional(), lists: lists.optional(), purge: looseBoolean.optional() })
  .meta({ id: 'SiteChange' });

export const siteRevocation = z.strictObject({ reason: z.string().trim().min(1).max(1000) }).meta({ id: 'SiteRevocation' });

/** What a site last said of a list; `statement` is that as it was signed (null of one that speaks by the token alone). */
export const holdingSchema = z.looseObject({
  dossier_list: idSchema,
  name: z.string().nullable(),
  last_seen: timeSchema,
  epoch: z.uuid().nullable(),
  revision: z.int().nullable(),
  count: z.int().nullable(),
  digest: z.string().nullable(),
  applied_date: timeSchema.nullable(),
  state: z.string().nullable(),
  set_aside: z.int().nullable(),
  head_revision: z.int().nullable(),
  /** It proved to hold what this node holds now. */
  current: z.boolean(),
  statement: z.looseObject({ base: z.string(), signature: z.string(), key: z.string(), date: timeSchema }).nullable(),
});

export const siteSchema = z
  .looseObject({
    id: idSchema,
    name: z.string(),
    state: z.enum(siteStates),
    state_date: timeSchema,
    reason: z.string().nullable(),
    node: z.uuid().nullable(),
    /** Its public key; null while it hasn't come, or speaks by the token alone. */
    key: z.string().nullable(),
    fingerprint: z.string().nullable(),
    /** Both ends show the same four words. */
    words: z.string().nullable(),
    /** Who vouched for it: a token, an invitation, a person, or this node for one that it had accepted. */
    introduced_by: z.enum(['token', 'invitation', 'person', 'master']).nullable(),
    speaks_by: z.enum(['key', 'token']).nullable(),
    /** Whether it has ever shown a token: that is in its box, then. */
    shown_token: z.boolean(),
    lists,
    withdrawn: z.array(
      z.looseObject({
        dossier_list: idSchema,
        purge: z.boolean(),
        since: timeSchema,
        acknowledged_date: timeSchema.nullable(),
        /** Of the nodes that have the list from the site: how many haven't confirmed. */
        unconfirmed: z.int().nullable(),
      }),
    ),
    address: z.string().nullable(),
    version: z.string().nullable(),
    first_seen: timeSchema.nullable(),
    last_seen: timeSchema.nullable(),
    alert: siteAlertSchema.nullable(),
    invitation: z.looseObject({ expires_date: timeSchema, used_date: timeSchema.nullable() }).nullable(),
    created_date: timeSchema,
    holdings: z.array(holdingSchema),
  })
  .meta({ id: 'Site' });
export type Site = z.infer<typeof siteSchema>;

/** The answer of `POST /sites/`: `code` is shown this once, and null where a key was brought. */
export const createdSiteSchema = siteSchema.extend({ code: z.string().nullable() }).meta({ id: 'CreatedSite' });
export type CreatedSite = z.infer<typeof createdSiteSchema>;

/**
 * The answer of `POST /sites/{id}/revoke/`: `notes` says what is left to do, a sentence each, and `let_in` names the latest sites that the same token, and no person,
 * has let in.
 */
export const revokedSiteSchema = siteSchema
  .extend({ notes: z.array(z.string()), let_in: z.array(z.looseObject({ id: idSchema, name: z.string() })) })
  .meta({ id: 'RevokedSite' });
export type RevokedSite = z.infer<typeof revokedSiteSchema>;

/** The first digits of SHA-256 of a public key, for those who compare on paper. */
export const fingerprintDigits = 16;
