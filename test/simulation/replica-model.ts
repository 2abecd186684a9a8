import { differenceOfTrees, digestOfRows, digestOfTree, hashOf, statedHash, treeOf } from './content.ts';
import type { RowHash } from '@dossier/domain/tree.ts';
import type { History, ListState, StatedPosition } from './history.ts';
import type { Observation, ObservedDossier, ObservedLink, ObservedRun } from './observation.ts';
import { ReplicaList } from './replica-list.ts';
import type { SeenList } from './replica-list.ts';
import { require } from './violation.ts';

/** What a person did with a list of the slave, in the order in which it took effect. */
export interface Deed {
  list: number;
  change(list: ReplicaList): void;
}

/** A run that is over; `isFirst`: its list had never been synced before. */
export type EndedRun = ObservedRun & { isFirst: boolean };

type Event = (list: ReplicaList, seen: SeenList) => void;

/** What happened to a list: syncs and undoes, what persons did, ends of its link. */
interface Events {
  syncs: Event[];
  deeds: Event[];
  ends: Event[];
}

/** What the slave has to hold: what it held, but for changes that a sync or a person is entitled to. */
export class ReplicaModel {
  readonly #history: History;
  /** Which list of the master a list of the slave is a copy of. */
  readonly #sources: ReadonlyMap<number, number>;
  readonly #keepsDeleted: boolean;
  readonly lists = new Map<number, ReplicaList>();
  /** Lists that were changed by a person in the step that was looked at last, after whatever was synced in it. */
  readonly #touchedNow = new Set<number>();
  #last: Observation | null = null;
  /** Commits of the master when each fence was drawn, by run. */
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

  list(list: number): ReplicaList {
    const found = this.lists.get(list) ?? new ReplicaList();
    this.lists.set(list, found);
    return found;
  }

  /** Compares what is seen now with what may be. `commit`: the master's commits when the step began. Returns the runs that ended. */
  check(seen: Observation, step: { commit: number; deeds: readonly Deed[] }): EndedRun[] {
    const before = this.#last;
    this.#checkRuns(before, seen);
    this.#noteFences(before, seen, step.commit);
    this.#touchedNow.clear();
    for (const [list, rows] of seen.lists) {
      checkRows(list, seen);
      const events = this.#eventsOf(list, { before, seen, deeds: step.deeds });
      if (events.syncs.length + events.deeds.length + events.ends.length === 0) checkUntouched(list, before, seen);
      this.#follow(list, events, { rows, setAside: seen.setAside.get(list) ?? new Map<string, string>() });
    }
    checkIds(before, seen);
    checkHolds(before, seen);
    this.#checkStates(seen);
    const ended = Array.from(seen.runs.values()).filter((run) => run.finished && before?.runs.get(run.id)?.finished !== true);
    for (const run of ended) this.#checkEnd(run, seen);
    this.#last = seen;
    return ended.map((run) => ({ ...run, isFirst: (before?.links.get(run.list)?.epoch ?? null) === null }));
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

  /** What happened to a list since it was looked at last. */
  #eventsOf(list: number, { before, seen, deeds }: { before: Observation | null; seen: Observation; deeds: readonly Deed[] }): Events {
    const link = seen.links.get(list);
    const earlier = before?.links.get(list);
    const ended = Array.from(seen.runs.values()).filter((run) => run.list === list && run.finished && !before?.runs.get(run.id)?.finished);
    const syncs: Event[] = [];
    if (ended.some((run) => run.state === 'undone')) syncs.push((replica) => replica.undo());
    else if (link && link.epoch !== null && (ended.some(isSynced) || !samePosition(earlier, link))) {
      const state = this.#stateOf(link);
      syncs.push((replica, found) => replica.apply(state, { seen: found, keepsDeleted: this.#keepsDeleted }));
    }
    const purge = this.#last?.links.get(list)?.purge ?? false;
    return {
      syncs,
      deeds: deeds
        .filter((deed) => deed.list === list)
        .map(
          (deed): Event =>
            (replica) =>
              deed.change(replica),
        ),
      ends: earlier && !link ? [(replica) => replica.unlink(purge)] : [],
    };
  }

  /** Finds an order of what may have happened that leads to what is seen. */
  #follow(number: number, { syncs, deeds, ends }: Events, seen: SeenList): void {
    const start = this.list(number);
    let difference = '';
    for (const order of [
      [...syncs, ...deeds, ...ends],
      [...deeds, ...ends, ...syncs],
    ]) {
      const list = start.copy();
      list.touched = false;
      for (const event of order) event(list, seen);
      difference = list.difference(number, seen);
      if (difference !== '') continue;
      if (list.touched) this.#touchedNow.add(number);
      // Only a sync makes it equal again.
      list.touched ||= start.touched && syncs.length + ends.length === 0;
      this.lists.set(number, list);
      return;
    }
    require(4, false, difference);
  }

  #stateOf(link: ObservedLink): ListState {
    const state = this.#findState(link.list, link);
    require(5, state !== null, () =>
      `list ${link.list} says it stands at ${link.epoch} ${link.revision}, ${link.count} dossiers, ${link.digest}: the master never did`);
    const { reached } = this.list(link.list);
    require(6, !reached || reached.from <= state.from, () =>
      `list ${link.list} went back from the master's commit ${reached?.from} to ${state.from} (revision ${state.revision})`);
    return state;
  }

  /** The state of the master's list at the position that a link says. */
  #findState(
    list: number,
    { epoch, revision, count, digest }: { [Key in keyof StatedPosition]: StatedPosition[Key] | null },
  ): ListState | null {
    if (epoch === null || revision === null || count === null || digest === null) return null;
    return this.#history.find(this.#sources.get(list) ?? 0, { epoch, revision, count, digest });
  }

  /** A link that says `synced` is what its position says. */
  #checkStates(seen: Observation): void {
    for (const link of seen.links.values()) {
      if (link.state !== 'synced' || this.list(link.list).touched) continue;
      const stated = statedRows(link.list, seen);
      require(7, digestOfRows(stated) === link.digest && stated.size === link.count, () =>
        `list ${link.list} says synced with ${link.count} dossiers, and its ${stated.size} rows are others`);
    }
  }

  #checkEnd(run: ObservedRun, seen: Observation): void {
    if (run.mode === 'verify' || (run.state !== 'synced' && run.state !== 'unchanged')) return;
    const link = seen.links.get(run.list);
    if (!link) return;
    // After a restore the master may stand again where it stood before.
    const state = this.#findState(run.list, link);
    const since = this.#fences.get(`${run.id} ${run.fence}`) ?? 0;
    require(7, state !== null && state.until > since, () =>
      `run ${run.id} of list ${run.list} is ${run.state} at revision ${link.revision}, which the master had left when the run began`);
    const declaration = seen.positions.get(run.list)?.declaration ?? '';
    require(20, this.#history.declaredSince(this.#sources.get(run.list) ?? 0, declaration, since), () =>
      `run ${run.id} of list ${run.list} is ${run.state}, and the list declares ${declaration}, which the master's had ceased to when the run began`);
    // Changed between the end of the run and this look: what was changed has been compared with all else that is here.
    if (this.#touchedNow.has(run.list)) return;
    const stated = statedRows(run.list, seen);
    // Deleted offline between the end of the run and this look.
    for (const uuid of this.list(run.list).deleted) {
      const content = state.rows.get(uuid);
      if (content && !stated.has(uuid)) stated.set(uuid, statedHash(content));
    }
    require(7, digestOfRows(stated) === state.digest, () =>
      `run ${run.id} of list ${run.list} is ${run.state}, and the list isn't the master's`);
  }
}

function checkRows(list: number, seen: Observation): void {
  const rows = seen.lists.get(list) ?? new Map<string, ObservedDossier>();
  const position = seen.positions.get(list);
  if (!position) return;
  for (const [uuid, { content, hash, revision }] of rows) {
    require(3, hashOf(content) === hash, () => `dossier ${uuid} in list ${list} has another hash than its columns give`);
    require(1, revision > 0 && revision <= position.revision, () => `list ${list} holds ${uuid} at a revision beyond its own`);
  }
  require(2, position.count === rows.size, () => `list ${list} of the slave says ${position.count} dossiers, its rows are ${rows.size}`);
  if (position.digest === null) return;
  const tree = treeOf(Array.from(rows, ([uuid, { hash }]): RowHash => [uuid, hash]));
  const digest = digestOfTree(tree);
  require(2, position.digest === digest, () => `list ${list} of the slave says ${position.digest}, its rows are ${digest}`);
  const difference = differenceOfTrees(position.tree, tree);
  require(2, difference === '', () => `the tree of list ${list} of the slave isn't the one of its rows: ${difference}`);
}

/** What nobody synced or changed is what it was, byte for byte. */
function checkUntouched(list: number, before: Observation | null, seen: Observation): void {
  if (!before) return;
  const [was, is] = [before, seen].map((observation) => {
    const position = observation.positions.get(list);
    const prints = Array.from(observation.lists.get(list) ?? [], ([uuid, { print }]) => `${uuid} ${print}`);
    return [position?.set, position?.epoch, position?.revision, ...prints].join('\n');
  });
  require(10, was === is, () => `list ${list} of the slave was ${was}, nobody changed it, and it is ${is}`);
}

/** A dossier has one id, in all lists that hold it and for as long as one does. */
function checkIds(before: Observation | null, seen: Observation): void {
  const ids = new Map<string, number>();
  for (const [list, rows] of seen.lists) {
    for (const [uuid, { id }] of rows) {
      const other = ids.get(uuid) ?? id;
      require(3, id === other, () => `dossier ${uuid} has the id ${id} in list ${list} and ${other} in another one`);
      ids.set(uuid, id);
      const earlier = before?.lists.get(list)?.get(uuid)?.id ?? id;
      require(3, id === earlier, () => `dossier ${uuid} in list ${list} had the id ${earlier} and has ${id}`);
    }
  }
}

/** What was approved is what was applied. */
function checkHolds(before: Observation | null, seen: Observation): void {
  for (const hold of seen.holds.values()) {
    const earlier = before?.holds.get(hold.id);
    if (hold.state !== 'applied' || earlier?.state === 'applied') continue;
    require(17, earlier?.state === 'approved', () => `what was held of list ${hold.list} was ${earlier?.state}, and it was applied`);
    const digest = seen.links.get(hold.list)?.digest;
    require(17, digest === hold.digest, () =>
      `what was approved of list ${hold.list} leads to ${hold.digest}, and what was applied to ${digest}`);
  }
}

/** The rows of a list with their hashes, and what is set aside with the master's in their place. */
function statedRows(list: number, seen: Observation): Map<string, string> {
  const rows = new Map(Array.from(seen.lists.get(list) ?? [], ([uuid, { hash }]) => [uuid, hash]));
  for (const [uuid, hash] of seen.setAside.get(list) ?? []) rows.set(uuid, hash);
  return rows;
}

function isSynced(run: ObservedRun): boolean {
  return run.state === 'synced' && run.mode !== 'verify';
}

function samePosition(a: ObservedLink | undefined, b: ObservedLink): boolean {
  return a !== undefined && a.epoch === b.epoch && a.revision === b.revision && a.digest === b.digest && a.count === b.count;
}
