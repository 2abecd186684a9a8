import { z } from 'zod';
import { dossierBounds, textFault } from '@dossier/domain/dossier.ts';
import { leafRows } from '@dossier/domain/tree.ts';
import { declarationSchema } from './declaration.ts';

/**
 * Version of the feed's protocol. 1: pages of rows and tombstones in COPY's binary format (rows.ts), the nodes of the digest's tree to compare by content.
 * A node serves every version it knows under `/feed/v<N>/`; the greeting names them.
 */
export const feedVersions = [1] as const;

/** Most changes that a slave takes in one page, whatever the release of its master. */
export const maximumPageRows = 100_000;
/** What a slave accepts as one answer. */
export const maximumAnswerBytes = 64 * 1024 * 1024;
/** Most nodes of the tree, and most rows, that one request may ask for. */
export const requestNodes = 256;
export const requestRows = 200;
/** Most lists whose heads one request may ask about. */
export const requestHeads = 100;
/** Most nodes that a head names as the origins of its list: beyond so many a circle is not looked for. */
export const maximumOrigins = 32;

/** A SHA-256. */
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const revision = z.int().nonnegative();
const storable = (maximum: number) =>
  z
    .string()
    .refine((value) => textFault(value) === null, 'cannot be stored')
    .refine((value) => Array.from(value).length <= maximum, 'too long');

/** The name of a zone, perhaps of one that this node doesn't know: then only the schedule suffers. */
const timeZone = z.string().regex(/^[A-Za-z][\w+/-]{0,63}$/);

export const scheduleSchema = z.object({
  hour: z.int().min(0).max(23),
  minute: z.int().min(0).max(59),
  time_zone: timeZone,
});

/** `GET /feed/`: who answers. */
export const greetingSchema = z.looseObject({
  node: z.uuid(),
  /** What the master is called. */
  name: storable(100).optional(),
  /** The master's word for this node's key, by which it knows it again after a restore. */
  certificate: z.string().max(200).optional(),
  versions: z.array(z.int()),
  external_address: z.string().nullable(),
  schedule: scheduleSchema,
});

/** `GET /feed/v1/dossier-lists/`: what this master offers. */
export const offeredListsSchema = z.looseObject({
  dossier_lists: z.array(z.looseObject({ id: z.int(), name: z.string(), dossier_count: z.int() })),
});

export const positionSchema = z.object({
  epoch: z.uuid(),
  revision,
  count: z.int().nonnegative(),
  digest,
});

export const mostDistrusted = 2000;

/** `GET /feed/v1/dossier-lists/{id}/head`: the newest position, whose it is, where it comes from and when slaves sync. */
export const headSchema = z.looseObject({
  node: z.uuid(),
  dossier_list: z.uuid(),
  name: storable(dossierBounds.name),
  external_address: storable(2048).nullable(),
  schedule: scheduleSchema,
  position: positionSchema,
  floor: revision,
  /** Where the list stood in the history that this one goes on from, if it does. */
  former: z.object({ epoch: z.uuid(), revision }).nullable(),
  /** The nodes from which the list is replicated, nearest first. */
  origins: z.array(z.uuid()).max(maximumOrigins),
  /** The fields that the list declares, and what to do at the door. */
  declaration: declarationSchema,
  /** SHA-256 of the declaration as canonical JSON: a copy with another one isn't equal. */
  declaration_hash: digest,
  /** Ids of keys that were revoked, and of tokens that let nobody in alone any more: who gives the list on takes them no more either. */
  distrusted: z
    .array(z.string().regex(/^[\w-]{1,64}$/))
    .max(mostDistrusted)
    .default([]),
});
export type Head = z.infer<typeof headSchema>;

/** 410 on a page request: the asked-for history is gone, start over. */
export const resetSchema = z.looseObject({ epoch: z.uuid(), floor: revision });

/** The hexadecimal digits with which the uuids of a node of the tree begin; none for the root. */
export const prefixSchema = z.string().regex(/^[0-9a-f]{0,32}$/);

/** A dossier's uuid, in the letters in which PostgreSQL writes it; whoever writes SQL may give one of any version. */
export const dossierUuidSchema = z.string().regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

/** A node of the tree with what is right below it: children where it has more than 32 rows, else its rows. Both are in order. */
export const treeNodeSchema = z.object({
  prefix: prefixSchema,
  count: z.int().positive(),
  hash: digest,
  children: z
    .array(z.tuple([z.string().regex(/^[0-9a-f]$/), z.int().positive(), digest]))
    .max(16)
    .exactOptional(),
  rows: z
    .array(z.tuple([dossierUuidSchema, digest]))
    .max(leafRows)
    .exactOptional(),
});
export type TreeNode = z.infer<typeof treeNodeSchema>;

/** `GET …/tree?prefixes=,a,3f`: those of the nodes that are in the tree, and the position of which they are. */
export const treeSchema = z.looseObject({
  dossier_list: z.uuid(),
  position: positionSchema,
  nodes: z.array(treeNodeSchema).max(requestNodes),
});

/** `GET /feed/v1/heads?lists=12.tag,13.tag`: the lists whose heads still have these tags. */
export const headsSchema = z.looseObject({ unchanged: z.array(z.int()).max(requestHeads) });
