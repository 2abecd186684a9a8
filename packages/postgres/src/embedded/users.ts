import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';

import { writeBeside } from './cluster.ts';
import { besideFiles, isMissing } from './place.ts';
import { identifyProcess } from './process-identity.ts';
import type { Server } from './server.ts';

/** A process that works with the embedded database. The same process may be in the list more than once. */
export interface User {
  readonly id: string;
  readonly pid: number;
  readonly started: string;
}

/** What postgres.json says: the server, and who uses it. */
export interface State extends Server {
  readonly users: readonly User[];
}

/** This process, under an id of its own. */
export function thisUser(): User {
  const identity = identifyProcess(process.pid);
  return { id: randomBytes(8).toString('hex'), pid: process.pid, started: identity?.started ?? '' };
}

/**
 * The users of this server who still live, or null if the file tells of another server or is not there. For a user
 * that means: the server it knew has died, and another may have been started since.
 */
export function readUsers(dataDir: string, server: Server): User[] | null {
  const state = readState(dataDir);
  if (state === null || state.pid !== server.pid || state.port !== server.port) return null;
  return state.users.filter((user) => identifyProcess(user.pid)?.started === user.started);
}

export async function writeState(dataDir: string, state: State): Promise<void> {
  await writeBeside(dataDir, besideFiles(dataDir).state, `${JSON.stringify(state, null, 2)}\n`);
}

export async function removeState(dataDir: string): Promise<void> {
  await rm(besideFiles(dataDir).state, { force: true });
}

function readState(dataDir: string): State | null {
  let content: string;
  try {
    content = readFileSync(besideFiles(dataDir).state, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  return parseState(content);
}

/** A file that was tampered with counts as none: the server it told of is then taken over by the next to come. */
function parseState(content: string): State | null {
  let state: unknown;
  try {
    state = JSON.parse(content);
  } catch {
    return null;
  }
  return isState(state) ? state : null;
}

function isState(value: unknown): value is State {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, port, users } = value as Partial<Record<keyof State, unknown>>;
  return typeof pid === 'number' && typeof port === 'number' && Array.isArray(users) && users.every(isUser);
}

function isUser(value: unknown): value is User {
  if (typeof value !== 'object' || value === null) return false;
  const { id, pid, started } = value as Partial<Record<keyof User, unknown>>;
  return typeof id === 'string' && typeof pid === 'number' && typeof started === 'string';
}
