import { z } from 'zod';
import { linkDoubts, linkStates } from '@dossier/domain/link.ts';
import { runMethods, runModes, runReasons, runStates } from '@dossier/domain/run.ts';
import { guardProposalSchema, guardsChange, guardsSchema, heldSchema, setAsideSchema, undoSchema } from './held.ts';
import { idSchema, timeSchema } from './values.ts';

const listId = z
  .union(
    [
      idSchema,
      z
        .string()
        .regex(/^[1-9]\d{0,14}$/)
        .transform(Number),
    ],
    'must be the id of a watch list',
  )
  .meta({ override: { type: 'integer', minimum: 1 } });

/** The address of a node's web interface, as it stands in a browser, leads to that node. */
function withoutInterface(value: string): string {
  return value.trim().replace(/^(https?:\/\/[^/?#]+(?:\/[^?#]*?)?)\/ui(?:[/?#].*)?$/i, '$1/');
}

const httpUrl = z
  .string()
  .max(2048)
  .overwrite(withoutInterface)
  .refine((value) => {
    const url = URL.parse(value);
    return (
      url !== null && /^https?:\/\//i.test(value) && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
    );
  }, 'must be an http:// or https:// URL without credentials, query or fragment');

/**
 * The form in which addresses of masters are kept and compared: letter case of scheme and host, a default port and trailing slashes
 * don't count.
 */
export function normaliseRemoteUrl(value: string): string {
  const url = new URL(value);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** The body of `POST /sync/dossier-lists/`. */
export const linkRequest = z
  .strictObject({ remote_dossier_list: listId, remote_url: httpUrl, slave_dossier_list: listId })
  .meta({ id: 'LinkRequest' });

/**
 * The body of `PATCH /sync/dossier-lists/{id}/`. What is left out stays as it is, guards one by one. Another list can be named only while the link has
 * never been synced.
 */
export const linkChangeRequest = z
  .strictObject({
    guards: guardsChange.optional(),
    remote_url: httpUrl.optional(),
    remote_dossier_list: listId.optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'must have guards, remote_url or remote_dossier_list')
  .meta({ id: 'LinkChangeRequest' });

export const syncRequest = z.strictObject({ mode: z.enum(runModes).optional() }).meta({ id: 'SyncRequest' });

export const masterTestRequest = z.strictObject({ remote_url: httpUrl }).meta({ id: 'MasterTestRequest' });

/** What went wrong, in words for an operator. */
export const syncErrorSchema = z.looseObject({
  code: z.string(),
  desc: z.string(),
  remedy: z.string(),
  attempts: z.int(),
  next_attempt: timeSchema.nullable(),
});
export type SyncError = z.infer<typeof syncErrorSchema>;

export const progressSchema = z.looseObject({
  phase: z.enum(['queued', 'greeting', 'fetching', 'photos', 'applying']),
  done: z.int(),
  total: z.int().nullable(),
  photos_done: z.int(),
  photos_total: z.int().nullable(),
});

export const linkSchema = z
  .looseObject({
    slave_dossier_list: idSchema,
    remote_url: z.string(),
    remote_dossier_list: idSchema,
    remote_name: z.string().nullable(),
    /** Whether the master's key is known. Otherwise whoever holds the token is believed under its address. */
    master_key_known: z.boolean(),
    state: z.enum(linkStates),
    /** Why the replica can't be called equal now, whatever its state; null if nothing is known against it. */
    doubt: z.enum(linkDoubts).nullable(),
    error: syncErrorSchema.nullable(),
    last_attempt: timeSchema.nullable(),
    last_success: timeSchema.nullable(),
    verified_at: timeSchema.nullable(),
    next_run: timeSchema.nullable(),
    /** Why `next_run` isn't at the master's SYNC_TIME, and what to do; null where it is. */
    schedule_fault: z.string().nullable(),
    progress: progressSchema.nullable(),
    remote_count: z.int().nullable(),
    local_count: z.int(),
    revision: z.int().nullable(),
    head_revision: z.int().nullable(),
    guards: guardsSchema,
    proposed_guards: guardProposalSchema.nullable(),
    held: heldSchema.nullable(),
    /** Dossiers of the master that the replica can't hold as they are, at most 100. */
    set_aside: z.array(setAsideSchema),
    /** Photos of the master that the replica lacks: until they are here it isn't verified. */
    photos_missing: z.int(),
    undo: undoSchema.nullable(),
    /** Since when the master has taken the list from this node; its copy isn't shown. */
    withdrawn_date: timeSchema.nullable(),
  })
  .meta({ id: 'Link' });
export type Link = z.infer<typeof linkSchema>;

/** A dossier in which a verification found a replica to differ from its master. */
export const differenceSchema = z.looseObject({
  kind: z.enum(['missing', 'unexpected', 'changed', 'photo-missing', 'photo-damaged', 'set-aside']),
  dossier: z.string(),
  id: idSchema.nullable(),
  name: z.string().nullable(),
});
export type Difference = z.infer<typeof differenceSchema>;

export const runSchema = z
  .looseObject({
    id: idSchema,
    slave_dossier_list: idSchema,
    reason: z.enum(runReasons),
    /** The user who asked for it, took something back or approved; null where nobody did. */
    requested_by: z.string().nullable(),
    mode: z.enum(runModes),
    method: z.enum(runMethods).nullable(),
    state: z.enum(runStates),
    started_date: timeSchema.nullable(),
    finished_date: timeSchema.nullable(),
    added: z.int(),
    changed: z.int(),
    removed: z.int(),
    unchanged: z.int(),
    photos_fetched: z.int(),
    photos_missing: z.array(z.string()),
    bytes: z.int(),
    pages: z.int(),
    attempt: z.int(),
    error: syncErrorSchema.nullable(),
    restored_offline_deletions: z.int(),
    differences: z.array(differenceSchema).nullable(),
    set_aside: z.array(setAsideSchema),
    held: heldSchema.nullable(),
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof runSchema>;

export const deadLetterSchema = z
  .looseObject({
    id: idSchema,
    slave_dossier_list: idSchema,
    run: idSchema,
    phase: z.string(),
    code: z.string(),
    desc: z.string(),
    remedy: z.string(),
    first_date: timeSchema,
    last_date: timeSchema,
    count: z.int(),
  })
  .meta({ id: 'DeadLetter' });
export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** A dossier of a replica that was deleted here while its master was away, and what became of it. */
export const offlineDeletionSchema = z
  .looseObject({
    id: idSchema,
    slave_dossier_list: idSchema,
    dossier: idSchema,
    name: z.string(),
    external_id: z.string().nullable(),
    deleted_by: z.string(),
    deleted_date: timeSchema,
    settled_as: z.enum(['restored', 'kept-deleted', 'gone-on-master', 'unlinked']).nullable(),
    settled_date: timeSchema.nullable(),
    settled_run: idSchema.nullable(),
  })
  .meta({ id: 'OfflineDeletion' });
export type OfflineDeletion = z.infer<typeof offlineDeletionSchema>;

/** The body of `POST /sync/preview/`. */
export const previewRequest = z
  .strictObject({ remote_url: httpUrl, remote_dossier_list: listId, slave_dossier_list: listId })
  .meta({ id: 'PreviewRequest' });

/** What the first sync of such a link would do. */
export const previewSchema = z
  .looseObject({
    remote_name: z.string(),
    /** Dossiers of the list on the master, and of the local list. */
    remote_count: z.int(),
    local_count: z.int(),
    /** Dossiers of the local list that the master's list doesn't hold: the first sync removes them. */
    removed: z.int(),
  })
  .meta({ id: 'Preview' });
export type Preview = z.infer<typeof previewSchema>;

/** The answer of `POST /sync/dead-letters/retry/` (runs that were requested) and `DELETE /sync/dead-letters/` (letters that are gone). */
export const deadLetterCountSchema = z.looseObject({ count: z.int() }).meta({ id: 'DeadLetterCount' });

export const masterTestSchema = z
  .looseObject({
    node: z.uuid(),
    external_address: z.string().nullable(),
    dossier_lists: z.array(z.looseObject({ id: idSchema, name: z.string(), dossier_count: z.int() })),
    SYNC_TIME: z.object({ hour: z.int(), minute: z.int() }),
    TIME_ZONE: z.string(),
  })
  .meta({ id: 'MasterTest' });
export type MasterTest = z.infer<typeof masterTestSchema>;
