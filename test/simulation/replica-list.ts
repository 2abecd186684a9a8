import { hashOf, statedHash } from './content.ts';
import type { Content } from './content.ts';
import type { ListState } from './history.ts';
import type { ObservedDossier } from './observation.ts';

/** What of a list was seen, as far as the model has to be told: what the product was free to decide. */
export interface SeenList {
  rows: ReadonlyMap<string, ObservedDossier>;
  setAside: ReadonlyMap<string, string>;
}

/** Where a list of the slave was before its last sync that changed something. */
interface Former {
  rows: Map<string, Content>;
  setAside: Map<string, string>;
  touched: boolean;
  reached: ListState | null;
}

/** What a list of the slave has to hold. */
export class ReplicaList {
  rows = new Map<string, Content>();
  /** Dossiers of the master that the list knowingly doesn't hold, or holds in an older version, with the master's hashes. */
  setAside = new Map<string, string>();
  /** Dossiers that were deleted here while the master was away. */
  deleted = new Set<string>();
  /** A person changed it since its last sync: it may say `synced` until the next one. */
  touched = false;
  /** The state of the master's list that it is equal to; null before the first sync. */
  reached: ListState | null = null;
  #former: Former | null = null;

  copy(): ReplicaList {
    const copy = new ReplicaList();
    copy.rows = new Map(this.rows);
    copy.setAside = new Map(this.setAside);
    copy.deleted = new Set(this.deleted);
    copy.touched = this.touched;
    copy.reached = this.reached;
    copy.#former = this.#former;
    return copy;
  }

  /** A sync: the list becomes what the master's list was, but for what is set aside. */
  apply(state: ListState, { seen, keepsDeleted }: { seen: SeenList; keepsDeleted: boolean }): void {
    const before: Former = { rows: this.rows, setAside: this.setAside, touched: this.touched, reached: this.reached };
    // What the master does not have any more is forgotten; what it still has stays away, if that is the policy.
    this.deleted = new Set([...this.deleted].filter((uuid) => keepsDeleted && state.rows.has(uuid)));
    this.setAside = new Map();
    this.rows = new Map();
    for (const [uuid, content] of state.rows) {
      if (this.deleted.has(uuid)) this.setAside.set(uuid, statedHash(content));
      else if (content.original && seen.setAside.has(uuid)) this.#refuse(content, before.rows.get(uuid), state);
      else this.rows.set(uuid, content.original ?? content);
    }
    this.touched = false;
    this.reached = state;
    if (!sameContents(before.rows, this.rows)) this.#former = before;
  }

  /** What doesn't bear its hash isn't taken; the older version stays, unless its external id went to another dossier. */
  #refuse(content: Content, older: Content | undefined, state: ListState): void {
    this.setAside.set(content.uuid, statedHash(content));
    if (!older) return;
    const isTaken = [...state.rows.values()].some(
      ({ uuid, externalId }) => externalId !== null && externalId === older.externalId && uuid !== older.uuid,
    );
    if (!isTaken) this.rows.set(older.uuid, older);
  }

  /** A person takes the last sync back that changed something: the list is what it was. */
  undo(): void {
    if (!this.#former) return;
    Object.assign(this, this.#former);
    this.#former = null;
  }

  unlink(purge: boolean): void {
    if (purge) this.rows = new Map();
    this.setAside = new Map();
    this.deleted = new Set();
    this.touched = false;
    this.reached = null;
    this.#former = null;
  }

  /** The first place where the list differs from what is seen of it; empty if there is none. */
  difference(list: number, seen: SeenList): string {
    for (const uuid of seen.rows.keys()) if (!this.rows.has(uuid)) return `list ${list} of the slave holds ${uuid}, which it should not`;
    for (const [uuid, expected] of this.rows) {
      const found = seen.rows.get(uuid);
      if (!found) return `list ${list} of the slave lacks ${uuid}`;
      if (hashOf(expected) !== found.hash) {
        return `dossier ${uuid} in list ${list} of the slave is ${JSON.stringify(found.content)}, it should be ${JSON.stringify(expected)}`;
      }
    }
    const isSame =
      this.setAside.size === seen.setAside.size && [...this.setAside].every(([uuid, hash]) => seen.setAside.get(uuid) === hash);
    if (isSame) return '';
    return `list ${list} sets aside ${[...seen.setAside.keys()].join(', ')}, it should be ${[...this.setAside.keys()].join(', ')}`;
  }
}

function sameContents(a: ReadonlyMap<string, Content>, b: ReadonlyMap<string, Content>): boolean {
  if (a.size !== b.size) return false;
  for (const [uuid, content] of a) {
    const other = b.get(uuid);
    if (!other || hashOf(other) !== hashOf(content)) return false;
  }
  return true;
}
