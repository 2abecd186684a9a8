import type { Client } from 'pg';
import { differenceOfTrees, statedHash } from './content.ts';
import type { Content } from './content.ts';
import { History } from './history.ts';
import { rowsOf } from './site.ts';
import { require } from './violation.ts';

/** What an edit does to the model once its transaction is committed. */
export type Effect = (model: MasterModel) => void;

interface Head {
  list_id: number;
  epoch: string;
  revision: number;
  count: number;
  digest: string | null;
  declaration: string;
  tree: [prefix: string, count: number, hash: string][];
}

const headsStatement = `
  select list_id::int, epoch, revision::int, dossier_count::int as count, encode(digest, 'hex') as digest,
    (select declaration::text from watch_lists l where l.id = p.list_id) as declaration,
    (select coalesce(json_agg(json_build_array(prefix, count, encode(hash, 'hex'))), '[]') from tree_nodes t where t.set_id = p.set_id) as tree
  from list_positions p order by list_id`;

const idsStatement = `
  select d.uuid from list_positions p join dossiers d on d.set_id = p.set_id group by d.uuid having count(distinct d.id) > 1 limit 1`;

/** What the master's database has to hold, kept without looking into it; only epochs and revisions are the master's own. */
export class MasterModel {
  readonly history = new History();
  /** The dossiers of each list. */
  lists = new Map<number, ReadonlyMap<string, Content>>();
  readonly #admin: Client;

  constructor(admin: Client) {
    this.#admin = admin;
  }

  /** Changes what a list holds. */
  change(list: number, work: (rows: Map<string, Content>) => void): void {
    const rows = new Map(this.lists.get(list));
    work(rows);
    this.lists.set(list, rows);
  }

  /**
   * Applies what was committed since and notes what each list holds now. `silent`: a backup was restored, or rows were changed past all triggers, so
   * revisions needn't grow. Without an effect a list may still have got a new epoch.
   */
  async follow(effects: readonly Effect[], { silent = false } = {}): Promise<void> {
    for (const effect of effects) effect(this);
    const heads = await rowsOf<Head>(this.#admin, { name: 'heads', text: headsStatement });
    const commit = this.history.commit + 1;
    for (const head of heads) {
      if (this.#record(head, { silent, commit })) this.history.commit = commit;
      if (this.history.declare(head.list_id, { from: commit, text: head.declaration })) this.history.commit = commit;
      this.#checkDigest(head);
    }
    const [shared] = await rowsOf<{ uuid: string }>(this.#admin, { name: 'ids', text: idsStatement });
    require(3, shared === undefined, () => `dossier ${shared?.uuid} of the master has several ids`);
  }

  #record(head: Head, { silent, commit }: { silent: boolean; commit: number }): boolean {
    const { history } = this;
    const rows = this.lists.get(head.list_id) ?? new Map<string, Content>();
    const last = history.lists().includes(head.list_id) ? history.current(head.list_id) : null;
    const changed = last === null || !sameRows(last.rows, rows);
    if (!changed && last.epoch === head.epoch && last.revision === head.revision) return false;
    if (last && changed && !silent && last.epoch === head.epoch) {
      require(1, head.revision > last.revision, () =>
        `a commit changed list ${head.list_id} of the master, and its revision went from ${last.revision} to ${head.revision}`);
    }
    history.record(head.list_id, { from: commit, epoch: head.epoch, revision: head.revision, rows });
    return true;
  }

  /** A digest that isn't stored is computed when somebody asks. */
  #checkDigest(head: Head): void {
    const { digest, tree, rows } = this.history.current(head.list_id);
    require(2, rows.size === head.count, () => `list ${head.list_id} of the master says ${head.count} dossiers, it should be ${rows.size}`);
    if (head.digest === null) return;
    require(2, digest === head.digest, () => `list ${head.list_id} of the master says ${head.digest}, it should be ${digest}`);
    const stored = new Map(head.tree.map(([prefix, count, hash]) => [prefix, { count, hash }]));
    const difference = differenceOfTrees(stored, tree);
    require(2, difference === '', () => `the tree of list ${head.list_id} of the master isn't the one of its rows: ${difference}`);
  }
}

function sameRows(a: ReadonlyMap<string, Content>, b: ReadonlyMap<string, Content>): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [uuid, content] of a) {
    const other = b.get(uuid);
    if (!other) return false;
    if (other !== content && (statedHash(other) !== statedHash(content) || other.original !== content.original)) return false;
  }
  return true;
}
