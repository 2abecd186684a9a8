import type { Request, Response } from 'express';
import { z } from 'zod';
import { bulkReportSchema, bulkRequest, dossierCountSchema, mostRefusals } from '@dossier/protocol/bulk.ts';
import type { BulkReport, DossierCount } from '@dossier/protocol/bulk.ts';
import { dossierQuery } from '@dossier/protocol/queries.ts';
import { badParam } from '@dossier/runtime/errors.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { recordListReads, recordReads } from '@dossier/accounts/reads.ts';
import { transaction } from '@dossier/postgres/database.ts';
import { withReserve } from '@dossier/postgres/disk-reserve.ts';
import { bulkBatch, doBulk } from '@dossier/registry/bulk.ts';
import type { BulkDeed, BulkMember } from '@dossier/registry/bulk.ts';
import { countFound, findIds, mostFound, readHeads } from '@dossier/registry/bulk-selection.ts';
import type { Finding, Heads } from '@dossier/registry/bulk-selection.ts';
import { mostRemembered } from '@dossier/registry/history.ts';
import { requireWritable } from '@dossier/registry/read-only.ts';
import { requireShown } from '@dossier/registry/withdrawn.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { filterOf } from '../dossier-filter.ts';
import { namedLists, parseBody, parseQuery } from '../parse.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf, identityOf } from '../session.ts';

type Dependencies = Pick<ApiDependencies, 'database' | 'configuration'>;

const tags = ['Dossiers'];
const countQuery = dossierQuery.omit({ limit: true, page: true, ordering: true });

/** Many dossiers at once. To be listed before the routes of one dossier, whose number may be any word. */
export function dossierBulkRoutes(deps: Dependencies): Route[] {
  return [countRoute(deps), bulkRoute(deps)];
}

function findingOf(query: z.output<typeof countQuery>): Finding {
  return { text: query.q?.trim() === '' ? undefined : query.q, filter: filterOf(query) };
}

function countRoute({ database }: Dependencies): Route {
  return {
    method: 'get',
    path: '/dossiers/count/',
    limited: 'narrowed',
    access: 'viewer',
    query: countQuery,
    operation: {
      tags,
      summary: 'How many dossiers a filter or search finds, and in which state of their lists',
      responses: answers({ '200': dossierCountSchema }),
    },
    async handle(request, response) {
      const finding = findingOf(parseQuery(request, countQuery));
      await requireShown(database, namedLists(request, finding.filter.lists));
      const heads = await readHeads(database, finding.filter);
      const { text, filter } = finding;
      // Whoever asks for a person learns whether somebody is in a list.
      const isNamed = [text, filter.nameContains, filter.externalId].some((value) => value !== undefined);
      if (isNamed) await recordListReads(database, actorOf(request), { kind: 'page', lists: filter.lists ?? null });
      const { count, more } = await countFound(database, finding);
      response.json({ count, count_is_more: more, state: encodeHeads(heads) } satisfies DossierCount);
    },
  };
}

function bulkRoute({ database, configuration }: Dependencies): Route {
  return {
    method: 'post',
    path: '/dossiers/bulk/',
    access: 'operator',
    operation: {
      tags,
      summary: 'Change or delete many dossiers at once',
      description:
        'They are written in batches, each whole or not at all. A dossier that was changed since it was seen, or of which it can’t be done, is left as it was and named; the others are done. The same request once more changes nothing. What is deleted goes to the bin, all by one deletion (`deletion`; BIN_DAYS: 0 erases at once). A filter goes on at `next` after 20 seconds, or 100,000 dossiers.',
      requestBody: jsonBody(bulkRequest),
      responses: answers({ '200': bulkReportSchema }),
    },
    async handle(request, response) {
      const { dossiers, filter, state, after = 0, change, delete: _remove } = await parseBody(request, bulkRequest);
      const deed: BulkDeed = change ?? 'delete';
      await transaction(database, requireWritable);
      const task = { database, configuration, request, response, deed };
      if (filter === undefined) {
        response.json(await work(task, { members: membersOf(dossiers ?? []), heads: undefined, endless: true }));
        return;
      }
      const heads = decodeHeads(state ?? '');
      const ids = await findIds(database, findingOf(filter), after);
      const members = ids.map((id) => ({ id }));
      response.json(await work(task, { members, heads, endless: false }));
    },
  };
}

/** Each once, as it was seen last. */
function membersOf(dossiers: readonly { id: number; modified_date?: string | undefined }[]): BulkMember[] {
  const seen = new Map<number, number | undefined>();
  for (const { id, modified_date: date } of dossiers) seen.set(id, date === undefined ? seen.get(id) : Date.parse(date));
  return [...seen].map(([id, date]) => ({ id, seen: date }));
}

interface Task extends Dependencies {
  readonly request: Request;
  readonly response: Response;
  readonly deed: BulkDeed;
}

interface Selection {
  readonly members: readonly BulkMember[];
  readonly heads: Heads | undefined;
  /** Whether all is done in one request, however long it takes. */
  readonly endless: boolean;
}

/** Nobody waits longer for an answer: proxies lose their patience after a minute. */
const workMs = 20_000;

/** Does the deed batch by batch, as long as somebody waits for it, and keeps in the audit what was begun and what came of it. */
async function work(
  { database, configuration, request, response, deed }: Task,
  { members, heads, endless }: Selection,
): Promise<BulkReport> {
  const report: BulkReport = { done: 0, unchanged: 0, refused: 0, refusals: [], next: null, deletion: null };
  const named: number[] = [];
  if (members.length === 0) return report;
  const record = (details: object): Promise<number> =>
    recordAudit(database, actorOf(request), {
      action: deed === 'delete' ? 'dossiers-deleted' : 'dossiers-changed',
      object: { kind: 'dossier' },
      details: { ...(deed !== 'delete' && { change: namesOf(deed) }), ...details },
    });
  // Deleting makes space where the disk is full.
  const write = <Result>(task: () => Promise<Result>): Promise<Result> => (deed === 'delete' ? withReserve(database, task) : task());
  const auditId = await write(() => record({ state: 'begun', dossiers: members.length }));
  const started = performance.now();
  try {
    for (let at = 0; at < members.length; at += bulkBatch) {
      const batch = members.slice(at, at + bulkBatch);
      const bin = configuration.binDays > 0 ? ({ kind: 'bulk', by: identityOf(request).user.name, id: report.deletion } as const) : null;
      const origin = { auditId, room: mostRemembered - report.done };
      const counts = await write(() => doBulk(database, { members: batch, deed, heads, bin, origin }));
      report.deletion = counts.deletion ?? report.deletion;
      report.done += counts.done;
      report.unchanged += counts.unchanged;
      report.refused += counts.refused.length;
      const told = counts.refused.slice(0, Math.max(0, mostRefusals - report.refusals.length));
      report.refusals.push(...told.map(({ other: _other, ...refusal }) => refusal));
      named.push(...told.flatMap(({ id, other }) => (other === undefined ? [id] : [id, other])));
      const isLast = at + bulkBatch >= members.length;
      if (isLast || !(response.closed || (!endless && performance.now() - started > workMs))) continue;
      report.next = batch.at(-1)?.id ?? null;
      break;
    }
    if (!endless && report.next === null && members.length >= mostFound) report.next = members.at(-1)?.id ?? null;
  } catch (error) {
    // What ended it may keep this from being recorded, too; it is what has to be told.
    await record({ state: 'broken-off', of: auditId, ...sumsOf(report) }).catch(() => undefined);
    throw error;
  }
  await write(() => record({ state: response.closed ? 'broken-off' : 'done', of: auditId, ...sumsOf(report) }));
  await recordReads(database, actorOf(request), { kind: 'page', dossiers: named });
  return report;
}

function sumsOf({ done, unchanged, refused }: BulkReport) {
  return { done, unchanged, refused };
}

/** What was changed, without the values: those are in the history. */
function namesOf(deed: Exclude<BulkDeed, 'delete'>) {
  const { add_to_lists: added, take_from_lists: left, ...content } = deed;
  const fields = Object.entries(content).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  return { fields, ...(added && { add_to_lists: added }), ...(left && { take_from_lists: left }) };
}

const headsShape = z.array(z.tuple([z.int().positive(), z.int().nonnegative()]));

function encodeHeads(heads: Heads): string {
  return Buffer.from(JSON.stringify([...heads])).toString('base64url');
}

function decodeHeads(state: string): Heads {
  try {
    return new Map(headsShape.parse(JSON.parse(Buffer.from(state, 'base64url').toString('utf8'))));
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause;
    throw badParam('state', 'state: is none that a count of dossiers said. Nothing was changed.');
  }
}
