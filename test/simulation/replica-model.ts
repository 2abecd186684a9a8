import { digestOf, hashOf } from './content.ts';
import type { Content } from './content.ts';
import type { History, ListState } from './history.ts';
import { recomputedHash } from './observation.ts';
import type { Observation, ObservedLink, ObservedRun } from './observation.ts';
import { require } from './violation.ts';

/** What a person did on the slave, in the order in which it took effect. */
export type Deed = (model: ReplicaModel) => void;

/** A run that is over; `isFirst`: its list had never been synced before. */
export type EndedRun = ObservedRun & { isFirst: boolean };

/** What the slave has to hold: what it held, but for changes that a sync or a person is entitled to. */
export class ReplicaModel {
  readonly #history: History;
  /** Which list of the master a list of the slave is a copy of. */
  readonly #sources: ReadonlyMap<number, number>;
  contents = new Map<string, Content>();
  lists = new Map<number, Set<string>>();
  /** Dossiers that were deleted here while the master was away, by the lists whose replicas they were in. */
  deleted = new Map<number, Set<string>>();
  /** What the policy `keep-deleted` leaves out of a replica. */
  setAside = new Map<number, Set<string>>();
  readonly #keepsDeleted: boolean;
  /** Lists that a person changed since their last sync: they may say `synced` until the next one. */
  touched = new Set<number>();
  /** Those of them that were changed in the step that was looked at last, after whatever was synced in it. */
  #touchedNow: ReadonlySet<number> = new Set();
  /** The commit of the master before which each list's latest sync cannot be. */
  readonly #reached = new Map<number, ListState>();
  #last: Observation | null = null;
  /** Commits of the master when each fence was drawn, by list. */
  readonly #fences = new Map<string, number>();

  constructor(history: History, options: { sources: ReadonlyMap<number, number>; keepsDeleted: boolean }) {
    this.#history = history;
    this.#sources = options.sources;
    this.#keepsDeleted = options.keepsDeleted;
  }

  get last(): Observation {
    if (!this.#last) throw new Error('nothing was observed yet');
    return this.#last;
  }

  /** Compares what is seen now with what may be. `commit`: the master's commits when the step began. Returns the runs that ended. */
  check(seen: Observation, step: { commit: number; deeds: readonly Deed[] }): EndedRun[] {
    const before = this.#last;
    this.#checkRows(seen);
    this.#checkRuns(before, seen);
    this.#noteFences(before, seen, step.commit);
    this.#applyTransitions(before, seen, step.deeds);
    this.#checkStates(seen);
    const ended = Array.from(seen.runs.values()).filter((run) => run.finished && before?.runs.get(run.id)?.finished !== true);
    for (const run of ended) this.#checkEnd(run, seen);
    this.#last = seen;
    return ended.map((run) => ({ ...run, isFirst: (before?.links.get(run.list)?.epoch ?? null) === null }));
  }

  /** What the slave's list of the model is equal to, or null after it was unlinked. */
  reached(list: number): ListState | null {
    return this.#reached.get(list) ?? null;
  }

  #checkRows(seen: Observation): void {
    for (const [uuid, dossier] of seen.dossiers) {
      require(3, recomputedHash(dossier) === dossier.hash, () => `dossier ${uuid} has another hash than its columns give`);
    }
    const listed = new Set<string>();
    for (const [list, members] of seen.members) {
      const position = seen.positions.get(list);
      for (const [uuid, { hash, revision }] of members) {
        listed.add(uuid);
        require(3, seen.dossiers.get(uuid)?.hash === hash, () => `list ${list} holds ${uuid} with another hash than the dossier's`);
        require(1, revision > 0 && revision <= (position?.revision ?? 0), () => `list ${list} holds ${uuid} at a revision beyond its own`);
      }
      const digest = digestOf(Array.from(members.values(), (member) => member.hash));
      require(2, position?.digest === digest && position.count === members.size, () =>
        `list ${list} of the slave says ${position?.count} dossiers and ${position?.digest}, its rows are ${members.size} and ${digest}`);
    }
    for (const uuid of seen.dossiers.keys()) require(3, listed.has(uuid), () => `dossier ${uuid} of the slave is in no list`);
  }

  #checkRuns(before: Observation | null, seen: Observation): void {
    const open = new Set<number>();
    for (const run of seen.runs.values()) {
      if (!run.finished) require(9, !open.has(run.list), () => `list ${run.list} has two unfinished runs`);
      if (!run.finished) open.add(run.list);
      const earlier = before?.runs.get(run.id);
      if (!earlier?.finished) continue;
      const [was, is] = [JSON.stringify(earlier), JSON.stringify(run)];
      require(8, was === is, () => `run ${run.id} was over as ${was} and became ${is}`);
    }
  }

  #noteFences(before: Observation | null, seen: Observation, commit: number): void {
    for (const run of seen.runs.values()) {
      if (run.fence !== null && before?.runs.get(run.id)?.fence !== run.fence) this.#fences.set(`${run.id} ${run.fence}`, commit);
    }
  }

  /** Finds an order of what may have happened that leads to what is seen. */
  #applyTransitions(before: Observation | null, seen: Observation, deeds: readonly Deed[]): void {
    const synced = new Set(
      Array.from(seen.runs.values())
        .filter((run) => isSynced(run) && !before?.runs.get(run.id)?.finished)
        .map((run) => run.list),
    );
    const applied = Array.from(seen.links.values()).filter(
      (link) => link.epoch !== null && (synced.has(link.list) || !samePosition(before?.links.get(link.list), link)),
    );
    const vanished = Array.from(before?.links.values() ?? []).filter((link) => !seen.links.has(link.list));
    const syncs = applied.map((link): Deed => {
      const state = this.#stateOf(link);
      return (model) => model.#apply(link.list, state);
    });
    const ends = vanished.map(
      (link): Deed =>
        (model) =>
          model.#unlink(link.list),
    );
    const orders = [...permutations(syncs)].flatMap((order) => [
      [...order, ...deeds, ...ends],
      [...deeds, ...ends, ...order],
    ]);
    const touched = this.touched;
    const start = {
      contents: new Map(this.contents),
      lists: copyLists(this.lists),
      setAside: copyLists(this.setAside),
      deleted: copyLists(this.deleted),
    };
    let difference = '';
    for (const order of orders) {
      this.touched = new Set();
      this.contents = new Map(start.contents);
      this.lists = copyLists(start.lists);
      this.setAside = copyLists(start.setAside);
      this.deleted = copyLists(start.deleted);
      for (const deed of order) deed(this);
      this.#forgetUnlisted();
      difference = this.#difference(seen);
      if (difference !== '') continue;
      this.#touchedNow = new Set(this.touched);
      for (const list of touched) this.touched.add(list);
      return;
    }
    require(4, false, difference);
  }

  #stateOf(link: ObservedLink): ListState {
    const source = this.#sources.get(link.list) ?? 0;
    const { epoch, revision, count, digest } = link;
    const state =
      epoch === null || revision === null || count === null || digest === null
        ? null
        : this.#history.find(source, { epoch, revision, count, digest });
    require(5, state !== null, () =>
      `list ${link.list} says it stands at ${epoch} ${revision}, ${count} dossiers, ${digest}: the master never did`);
    const earlier = this.#reached.get(link.list);
    require(6, !earlier || earlier.from <= state.from, () =>
      `list ${link.list} went back from the master's commit ${earlier?.from} to ${state.from} (revision ${state.revision})`);
    this.#reached.set(link.list, state);
    this.touched.delete(link.list);
    return state;
  }

  #apply(list: number, state: ListState): void {
    // What the master does not have any more is forgotten; what it still has stays away, if that is the policy.
    const kept = new Set([...(this.deleted.get(list) ?? [])].filter((uuid) => this.#keepsDeleted && state.rows.has(uuid)));
    this.deleted.set(list, kept);
    this.setAside.set(list, new Set(kept));
    this.touched.delete(list);
    const members = new Set([...state.rows.keys()].filter((uuid) => !kept.has(uuid)));
    this.lists.set(list, members);
    for (const uuid of members) {
      const content = state.rows.get(uuid);
      if (content) this.contents.set(uuid, content);
    }
  }

  #unlink(list: number): void {
    if (this.last.links.get(list)?.purge) this.lists.set(list, new Set());
    this.setAside.delete(list);
    this.deleted.delete(list);
    this.#reached.delete(list);
    this.touched.delete(list);
  }

  #forgetUnlisted(): void {
    const listed = new Set(Array.from(this.lists.values()).flatMap((members) => [...members]));
    for (const uuid of this.contents.keys()) if (!listed.has(uuid)) this.contents.delete(uuid);
  }

  /** The first place where the slave differs from the model; empty if there is none. */
  #difference(seen: Observation): string {
    for (const [list, members] of seen.members) {
      const expected = this.lists.get(list) ?? new Set();
      for (const uuid of members.keys()) if (!expected.has(uuid)) return `list ${list} of the slave holds ${uuid}, which it should not`;
      for (const uuid of expected) if (!members.has(uuid)) return `list ${list} of the slave lacks ${uuid}`;
    }
    for (const [uuid, { hash, content }] of seen.dossiers) {
      const expected = this.contents.get(uuid);
      if (!expected || hashOf(expected) !== hash) {
        return `dossier ${uuid} of the slave is ${JSON.stringify(content)}, it should be ${JSON.stringify(expected)}`;
      }
    }
    for (const [list, kept] of this.setAside) {
      const aside = seen.setAside.get(list) ?? new Map<string, string>();
      if (aside.size !== kept.size || [...kept].some((uuid) => !aside.has(uuid))) {
        return `list ${list} sets aside ${[...aside.keys()].join(', ')}, it should be ${[...kept].join(', ')}`;
      }
    }
    return '';
  }

  /** A link that says `synced` is what its position says. */
  #checkStates(seen: Observation): void {
    for (const link of seen.links.values()) {
      if (link.state !== 'synced' || this.touched.has(link.list)) continue;
      const hashes = [
        ...Array.from(seen.members.get(link.list)?.values() ?? [], (member) => member.hash),
        ...(seen.setAside.get(link.list)?.values() ?? []),
      ];
      require(7, digestOf(hashes) === link.digest && hashes.length === link.count, () =>
        `list ${link.list} says synced with ${link.count} dossiers, and its ${hashes.length} rows are others`);
    }
  }

  #checkEnd(run: ObservedRun, seen: Observation): void {
    if (run.mode === 'verify' || (run.state !== 'synced' && run.state !== 'unchanged')) return;
    const link = seen.links.get(run.list);
    if (!link) return;
    const { epoch, revision, count, digest } = link;
    // After a restore the master may stand again where it stood before.
    const state =
      epoch === null || revision === null || count === null || digest === null
        ? null
        : this.#history.find(this.#sources.get(run.list) ?? 0, { epoch, revision, count, digest });
    const since = this.#fences.get(`${run.id} ${run.fence}`) ?? 0;
    require(7, state !== null && state.until > since, () =>
      `run ${run.id} of list ${run.list} is ${run.state} at revision ${revision}, which the master had left when the run began`);
    // Changed between the end of the run and this look: what was changed has been compared with all else that is here.
    if (this.#touchedNow.has(run.list)) return;
    const aside = seen.setAside.get(run.list) ?? new Map<string, string>();
    // Deleted offline between the end of the run and this look.
    const gone = [...(this.deleted.get(run.list) ?? [])].filter((uuid) => state.rows.has(uuid) && !aside.has(uuid));
    const hashes = [
      ...Array.from(seen.members.get(run.list)?.values() ?? [], (member) => member.hash),
      ...aside.values(),
      ...gone.flatMap((uuid) => state.rows.get(uuid) ?? []).map(hashOf),
    ];
    require(7, digestOf(hashes) === state.digest, () =>
      `run ${run.id} of list ${run.list} is ${run.state}, and the list isn't the master's`);
  }
}

function isSynced(run: ObservedRun): boolean {
  return run.finished && run.state === 'synced' && run.mode !== 'verify';
}

function samePosition(a: ObservedLink | undefined, b: ObservedLink): boolean {
  return a !== undefined && a.epoch === b.epoch && a.revision === b.revision && a.digest === b.digest && a.count === b.count;
}

function copyLists(lists: ReadonlyMap<number, ReadonlySet<string>>): Map<number, Set<string>> {
  return new Map(Array.from(lists, ([list, members]) => [list, new Set(members)]));
}

function* permutations<Item>(items: readonly Item[]): Generator<Item[]> {
  if (items.length <= 1) yield [...items];
  for (const [index, item] of items.entries()) {
    for (const rest of permutations([...items.slice(0, index), ...items.slice(index + 1)])) yield [item, ...rest];
  }
}
