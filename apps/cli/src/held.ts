import { z } from 'zod';
import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import type { Link, Run } from '@dossier/protocol/sync.ts';
import type { Held } from '@dossier/protocol/held.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import type { Client } from './client.ts';
import { linkOf } from './links.ts';
import { localTime } from './moments.ts';
import { printable } from './printable.ts';

const path = 'sync/dossier-lists/';

/** Why a sync is held and what it would do, in a few lines. */
export function describeHeld(slaveList: number, held: Held): string {
  const parts = [
    `${held.removing} removed`,
    `${held.changing} changed (${held.deactivating} of them made inactive)`,
    `${held.adding} added`,
  ].join(', ');
  const first = held.approved_first_by === null ? '' : `, by another than ${held.approved_first_by}, who has approved it`;
  const state = held.state === 'waiting' ? `may be approved until ${localTime(held.expires_date)}${first}` : stateOf(held);
  return [
    `watch list ${slaveList}: held; the list keeps what it had`,
    ...held.reasons.map(({ sentence }) => `  ${printable(sentence)}`),
    `  It would be: ${parts}.`,
    `  State: ${state}.`,
    `  Difference: ${held.difference}`,
  ].join('\n');
}

function stateOf({ state, decided_by: by }: Held): string {
  return by === null ? state : `${state} by ${printable(by)}`;
}

/** The difference that a person decides on: the one that was named, or the one that is held now. */
export async function differenceOf(client: Client, slaveList: number, named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const { held } = await linkOf(client, slaveList);
  if (held) return held.difference;
  throw new ExitError(1, `Nothing is held for watch list ${slaveList}.`);
}

/** Lets exactly this difference be applied; returns the run that does, or the link where a second person has to approve, too. */
export async function approveHeld(client: Client, slaveList: number, difference: string): Promise<Run | Link> {
  return client.post(`${path}${slaveList}/held/approve/`, { difference }, z.union([runSchema, linkSchema]));
}

/** Keeps the list as it is until the master changes its own. */
export async function rejectHeld(client: Client, slaveList: number, difference: string): Promise<Link> {
  return client.post(`${path}${slaveList}/held/reject/`, { difference }, linkSchema);
}

/** What became of an undo. */
export function describeUndone(run: Run): string {
  const list = `watch list ${run.slave_dossier_list}`;
  if (run.state !== 'undone')
    return `${list}: ${printable(run.error?.desc ?? run.state)}\n  ${printable(run.error?.remedy ?? '')}`.trimEnd();
  return [
    `${list}: undone; ${run.added} brought back, ${run.changed} as before, ${run.removed} taken out again`,
    `  The same isn't applied again until the master's list changes, or "dossier approve ${run.slave_dossier_list}" says so.`,
  ].join('\n');
}
