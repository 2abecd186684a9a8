import { z } from 'zod';
import { holdReasons } from '@dossier/domain/guards.ts';
import { historyValues } from './history.ts';
import { idSchema, timeSchema } from './values.ts';

const percent = z.number().min(0).max(100);
const count = z.int().min(0).max(1_000_000_000);

const bounds = { count, percent };
const growth = { factor: z.number().min(1).max(1_000_000) };

/** The guards of a link; null switches one off, 0 lets nothing pass. */
export const guardsSchema = z
  .object({
    emptied: z.boolean(),
    deletions: z.object(bounds).nullable(),
    changes: z.object(bounds).nullable(),
    deactivations: z.object({ percent }).nullable(),
    growth: z.object(growth).nullable(),
    weekly: z.object(bounds).nullable(),
  })
  .meta({ id: 'Guards' });

/** Guards that are to be others; those that are left out stay. */
export const guardsChange = z.strictObject({
  emptied: z.boolean().optional(),
  deletions: z.strictObject(bounds).nullable().optional(),
  changes: z.strictObject(bounds).nullable().optional(),
  deactivations: z.strictObject({ percent }).nullable().optional(),
  growth: z.strictObject(growth).nullable().optional(),
  weekly: z.strictObject(bounds).nullable().optional(),
});

/** Looser guards that a second person is to confirm (GUARD_PERSONS), by asking for the same. */
export const guardProposalSchema = z
  .looseObject({ guards: guardsSchema.partial(), by: z.string(), date: timeSchema })
  .meta({ id: 'GuardProposal' });

/** What would become of a dossier; `lost` in a fork: the replica holds it and the master lost it. */
export const heldKinds = ['adding', 'changing', 'removing', 'deactivating', 'lost'] as const;
export type HeldKind = (typeof heldKinds)[number];

export const heldDossierSchema = z.looseObject({
  kind: z.enum(heldKinds),
  /** The uuid, the same on all nodes. */
  dossier: z.string(),
  /** The local id; null for a dossier that isn't here yet. */
  id: idSchema.nullable(),
  name: z.string().nullable(),
  external_id: z.string().nullable(),
});
export type HeldDossier = z.infer<typeof heldDossierSchema>;

/** With what it is and would become: of the first 200 of each kind the fields that differ, nulls of others. */
export const heldDifferenceSchema = heldDossierSchema
  .extend({ before: historyValues, after: historyValues })
  .meta({ id: 'HeldDifference' });
export type HeldDifference = z.infer<typeof heldDifferenceSchema>;

/**
 * `waiting` for a person; `approved`: the next run applies it; `rejected`: the list keeps what it has until the master's list changes;
 * `expired`: nobody answered in time, a sync asks anew; `applied`; `superseded`: something else would be done now, or nothing.
 */
export const holdStates = ['waiting', 'approved', 'rejected', 'expired', 'applied', 'superseded'] as const;
export type HoldState = (typeof holdStates)[number];

/** A difference that waits for a person, and what would be done. */
export const heldSchema = z
  .looseObject({
    run: idSchema,
    state: z.enum(holdStates),
    /** Names exactly this difference; approvals and rejections have to name it. */
    difference: z.string(),
    reasons: z.array(z.looseObject({ guard: z.enum(holdReasons), sentence: z.string(), count: z.int(), limit: z.int() })),
    adding: z.int(),
    changing: z.int(),
    removing: z.int(),
    deactivating: z.int(),
    lost: z.int(),
    held_date: timeSchema,
    expires_date: timeSchema,
    /** Where an approval takes two persons (GUARD_PERSONS): who approved first. */
    approved_first_by: z.string().nullable(),
    decided_by: z.string().nullable(),
    decided_date: timeSchema.nullable(),
    /** Up to 100, those that would go first. */
    examples: z.array(heldDossierSchema),
  })
  .meta({ id: 'Held' });
export type Held = z.infer<typeof heldSchema>;

/** `GET /sync/dossier-lists/{id}/held/` with a page of the names, of one kind or of all. */
export const heldPageSchema = heldSchema
  .extend({ results: z.array(heldDifferenceSchema), next_page: z.string().nullable(), prev_page: z.string().nullable() })
  .meta({ id: 'HeldPage' });
export type HeldPage = z.infer<typeof heldPageSchema>;

/** The body of approvals and rejections. */
export const heldDecisionRequest = z
  .strictObject({ difference: z.string().regex(/^[0-9a-f]{64}$/, 'must be the "difference" that the link\'s "held" shows') })
  .meta({ id: 'HeldDecisionRequest' });

/** A dossier of the master that a replica can't hold as it is; what was here before stays. */
export const setAsideSchema = z.looseObject({
  dossier: z.string(),
  name: z.string().nullable(),
  external_id: z.string().nullable(),
  code: z.string(),
  reason: z.string(),
});
export type SetAside = z.infer<typeof setAsideSchema>;

/** The last applied run of a link, which `POST …/undo/` takes back. */
export const undoSchema = z.looseObject({ run: idSchema, applied_date: timeSchema });
export type Undo = z.infer<typeof undoSchema>;
