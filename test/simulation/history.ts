import { digestOfTree, statedHash, treeOf } from './content.ts';
import type { Content, Tree } from './content.ts';

/** What a master's list held from one commit to the next. */
export interface ListState {
  /** Number of the commit of the whole master that made it so. */
  from: number;
  /** Number of the commit that ended it; infinite for what holds now. */
  until: number;
  epoch: string;
  revision: number;
  digest: string;
  tree: Tree;
  rows: ReadonlyMap<string, Content>;
}

/** Where a list stands, as the product says. */
export interface StatedPosition {
  epoch: string;
  revision: number;
  count: number;
  digest: string;
}

/** What a master's list declared from one commit to the next. */
interface DeclaredState {
  from: number;
  until: number;
  text: string;
}

/** The right answer: what each list of the master held and declared after each commit. */
export class History {
  readonly #states = new Map<number, ListState[]>();
  readonly #declared = new Map<number, DeclaredState[]>();
  /** Commits so far, restores and renewed epochs among them. */
  commit = 0;

  lists(): number[] {
    return [...this.#states.keys()];
  }

  /** What the list holds now. */
  current(list: number): ListState {
    const state = this.#states.get(list)?.at(-1);
    if (!state) throw new Error(`the model knows no list ${list}`);
    return state;
  }

  /** Notes what the list holds from the commit `from` on. */
  record(list: number, state: { from: number; epoch: string; revision: number; rows: ReadonlyMap<string, Content> }): void {
    const states = this.#states.get(list) ?? [];
    this.#states.set(list, states);
    const last = states.at(-1);
    if (last) last.until = state.from;
    const tree = treeOf(Array.from(state.rows, ([uuid, content]) => [uuid, statedHash(content)] as const));
    states.push({ ...state, until: Number.POSITIVE_INFINITY, tree, digest: digestOfTree(tree) });
  }

  /** Notes what the list declares from the commit `from` on; false if it is what it was. */
  declare(list: number, { from, text }: { from: number; text: string }): boolean {
    const states = this.#declared.get(list) ?? [];
    this.#declared.set(list, states);
    const last = states.at(-1);
    if (last?.text === text) return false;
    if (last) last.until = from;
    states.push({ from, until: Number.POSITIVE_INFINITY, text });
    return true;
  }

  /** Whether the list declared this at any moment after the commit `since`. */
  declaredSince(list: number, text: string, since: number): boolean {
    return this.#declared.get(list)?.some((state) => state.text === text && state.until > since) ?? false;
  }

  /** What the list declares now. */
  declared(list: number): string {
    return this.#declared.get(list)?.at(-1)?.text ?? '';
  }

  /** The latest state of the list at exactly this position, or null if it never was there. */
  find(list: number, position: StatedPosition): ListState | null {
    const found = this.#states
      .get(list)
      ?.findLast(
        (state) =>
          state.epoch === position.epoch &&
          state.revision === position.revision &&
          state.digest === position.digest &&
          state.rows.size === position.count,
      );
    return found ?? null;
  }
}
