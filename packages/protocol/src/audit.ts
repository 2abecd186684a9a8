import { z } from 'zod';
import { auditActions, auditObjects, auditWays } from '@dossier/domain/audit.ts';
import { pageQuery } from './queries.ts';
import { text, timeSchema } from './values.ts';

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
      name: z.string().nullable(),
    }),
    /** What else is worth knowing: the fields that were changed, counts, a master's address. Never a secret. */
    details: z.record(z.string(), z.unknown()),
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
  via: z.enum(auditWays).optional(),
  since: moment.optional(),
  until: moment.optional(),
});
