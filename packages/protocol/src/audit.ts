import { z } from 'zod';
import { auditActions, auditObjects, auditWays, readKinds } from '@dossier/domain/audit.ts';
import { historyValues } from './history.ts';
import { pageQuery } from './queries.ts';
import { idParameter, idSchema, text, timeSchema } from './values.ts';

/** One thing that somebody did. Entries are never altered; old ones are dropped after two years. */
export const auditEntrySchema = z
  .looseObject({
    id: z.int().positive(),
    date: timeSchema,
    /** The user's name, or the account on the host for commands that work on the database; for a failed sign-in the name that was tried. */
    actor: z.string(),
    via: z.enum(auditWays),
    /** IP address of the one who asked; null for what was done on the host itself. */
    address: z.string().nullable(),
    action: z.enum(auditActions),
    object: z.looseObject({
      kind: z.enum(auditObjects),
      /** As text: ids of some kinds are no numbers. Null where the thing has none. */
      id: z.string().nullable(),
      /** The same on all nodes; of dossiers, photos (their dossier's), watch lists and links (their list's). */
      uuid: z.uuid().nullable(),
      name: z.string().nullable(),
    }),
    /** What else is worth knowing: the fields that were changed, counts, a master's address. Never a secret. */
    details: z.record(z.string(), z.unknown()),
    /** Of dossiers, their photos and watch lists: the fields that differ, before and after. Nulls where it wasn't there, nothing differs, or they were erased. */
    before: historyValues,
    after: historyValues,
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/** A date (`2026-11-24`, from its beginning in UTC) or a time. */
const moment = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], 'must be a date such as 2026-11-24, or a time such as 2026-11-24T08:00:00Z')
  .meta({ override: { type: 'string', format: 'date-time' } });

/** Newest first; `since` is included, `until` is not. */
export const auditQuery = pageQuery.extend({
  actor: text(256, 1).optional(),
  action: z.enum(auditActions).optional(),
  object: z.enum(auditObjects).optional(),
  object_id: text(256, 1).optional(),
  object_uuid: z.uuid().optional(),
  via: z.enum(auditWays).optional(),
  since: moment.optional(),
  until: moment.optional(),
});

/** That somebody was shown dossiers of a list that logs its readers. */
export const readEntrySchema = z
  .looseObject({
    id: z.int().positive(),
    date: timeSchema,
    actor: z.string(),
    via: z.enum(auditWays),
    address: z.string().nullable(),
    kind: z.enum(readKinds),
    dossier_list: z.looseObject({ id: idSchema, uuid: z.uuid(), name: z.string().nullable() }),
    /** Uuids of those who were shown; null: the list as a whole, or a part of it that may be anybody. */
    dossiers: z.array(z.uuid()).nullable(),
  })
  .meta({ id: 'ReadEntry' });
export type ReadEntry = z.infer<typeof readEntrySchema>;

/** `dossier`: its number here, or its uuid. Newest first; `since` is included, `until` is not. */
export const readsQuery = pageQuery.extend({
  dossier: z
    .union([z.string().regex(/^[1-9]\d{0,14}$/), z.uuid()], 'must be the number of a dossier, or its uuid')
    .meta({ override: { type: 'string' } })
    .optional(),
  dossier_list: idParameter('a watch list').optional(),
  actor: text(256, 1).optional(),
  kind: z.enum(readKinds).optional(),
  since: moment.optional(),
  until: moment.optional(),
});
