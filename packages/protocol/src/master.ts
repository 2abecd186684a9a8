import { z } from 'zod';
import { masterTestRequest } from './sync.ts';
import { idSchema, timeSchema } from './values.ts';

/** Whose answers this node believes under an address. */
export const masterSchema = z
  .looseObject({
    id: idSchema,
    remote_url: z.string(),
    node: z.uuid(),
    name: z.string().nullable(),
    key: z.string(),
    words: z.string(),
    pinned_date: timeSchema,
    /** Another key that signs under this address, and isn't believed before a person accepts it. */
    offered: z.looseObject({ key: z.string(), words: z.string(), remote_url: z.string(), date: timeSchema }).nullable(),
  })
  .meta({ id: 'Master' });
export type Master = z.infer<typeof masterSchema>;

/** The answer of `GET /sync/masters/`. */
export const mastersSchema = z.array(masterSchema);

/** The body of `POST /sync/masters/`: an invitation's code at the master that made it. */
export const joinRequest = masterTestRequest.extend({ code: z.string().max(100) }).meta({ id: 'JoinRequest' });

/** The answer: the master, what this node may link of it, and how far its clock is ahead of ours if that is too far to go on. */
export const joinedSchema = z
  .looseObject({
    master: masterSchema,
    own_words: z.string(),
    dossier_lists: z.array(z.looseObject({ id: idSchema, name: z.string(), dossier_count: z.int() })),
    clock: z.string().nullable(),
  })
  .meta({ id: 'Joined' });
export type Joined = z.infer<typeof joinedSchema>;

/** The key that a person compared. */
export const masterAcceptance = z.strictObject({ key: z.string().max(100) }).meta({ id: 'MasterAcceptance' });
