import { z } from 'zod';
import { timeSchema } from './values.ts';

/** The answer of `GET /node/`: which node this is, and what it is to others. */
export const nodeSchema = z
  .looseObject({
    uuid: z.uuid(),
    /** What it is called. */
    name: z.string(),
    /** Its public key, and the four words by which people compare it; null where this host has no key of its node. */
    key: z.string().nullable(),
    words: z.string().nullable(),
    version: z.string(),
    /** Slaves have asked for its lists within the last 30 days. */
    master: z.boolean(),
    /** It has links. */
    slave: z.boolean(),
    installed_apps: z.array(z.string()),
    external_address: z.string().nullable(),
    sync_time: z.object({ hour: z.int(), minute: z.int() }),
    time_zone: z.string(),
    /** For so many days deleted dossiers can be restored (`/bin/`); 0: not at all. */
    bin_days: z.int(),
    now: timeSchema,
  })
  .meta({ id: 'Node' });
export type Node = z.infer<typeof nodeSchema>;

/** One key of the configuration as the node runs with it. */
export const settingSchema = z
  .looseObject({
    key: z.string(),
    /** As it would stand in the environment; null where it is not set. A secret's is never shown. */
    value: z.string().nullable(),
    secret: z.boolean(),
    source: z.enum(['default', 'file', 'environment']),
    /** Completes the sentence "allowed is …". */
    allowed: z.string(),
    /** Of a synchronization token that is set: the id of its key, equal on nodes that have the same token. */
    fingerprint: z.string().nullable(),
  })
  .meta({ id: 'Setting' });
export type Setting = z.infer<typeof settingSchema>;

/** The answer of `GET /settings/`. */
export const settingsSchema = z.array(settingSchema);

/** A slave that follows one of this node's lists, as it was last seen. */
export const slaveSchema = z
  .looseObject({
    /** Identity of the slave's node. */
    node: z.uuid(),
    /** The site that it is, by number and name. */
    site: z.int().nullable(),
    site_name: z.string().nullable(),
    /** Where it asked from. */
    address: z.string(),
    version: z.string().nullable(),
    dossier_list: z.int(),
    name: z.string(),
    first_seen: timeSchema,
    last_seen: timeSchema,
    /** The position it said it holds, verified there; null before its first sync. */
    revision: z.int().nullable(),
    head_revision: z.int(),
    /** Revisions between its position and the head; null where it holds none of this list's history. */
    behind: z.int().nullable(),
    /** When it was first seen to lack a change or, until it asks again, when the list was last changed; null where it lacks none or `behind` isn't known. */
    behind_since: timeSchema.nullable(),
  })
  .meta({ id: 'Slave' });
export type Slave = z.infer<typeof slaveSchema>;
