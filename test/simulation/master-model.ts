import type { Client } from 'pg';
import { hashOf } from './content.ts';
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
  digest: string;
}

/** What the master's database has to hold, kept without looking into it; only epochs and revisions are the master's own. */
export class MasterModel {
  readonly history = new History();
  dossiers = new Map<string, Content>();
  lists = new Map<number, Set<string>>();
  readonly #admin: Client;

  constructor(admin: Client) {
    this.#admin = admin;
  }

  copy(): { dossiers: Map<string, Content>; lists: Map<number, Set<string>> } {
    return {
      dossiers: new Map(this.dossiers),
      lists: new Map(Array.from(this.lists, ([list, members]) => [list, new Set(members)])),
    };
  }

  /**
   * Applies what was committed since and notes what each list holds now. `shorter`: a backup was restored, so revisions may go back. Without
   * an effect a list may still have got a new epoch.
   */
  async follow(effects: readonly Effect[], { shorter = false } = {}): Promise<void> {
    for (const effect of effects) effect(this);
    for (const uuid of this.dossiers.keys()) {
      if (!this.#isListed(uuid)) this.dossiers.delete(uuid);
    }
    const heads = await this.#heads();
    const commit = this.history.commit + 1;
    for (const head of heads) if (this.#record(head, { shorter, commit })) this.history.commit = commit;
  }

  #record(head: Head, { shorter, commit }: { shorter: boolean; commit: number }): boolean {
    const { history } = this;
    const rows = new Map<string, Content>();
    for (const uuid of [...(this.lists.get(head.list_id) ?? [])].toSorted()) {
      const content = this.dossiers.get(uuid);
      if (content) rows.set(uuid, content);
    }
    const last = history.lists().includes(head.list_id) ? history.current(head.list_id) : null;
    const changed = last === null || !sameRows(last.rows, rows);
    if (!changed && last.epoch === head.epoch && last.revision === head.revision) return false;
    if (last && changed && !shorter && last.epoch === head.epoch) {
      require(1, head.revision > last.revision, () =>
        `a commit changed list ${head.list_id} of the master, and its revision went from ${last.revision} to ${head.revision}`);
    }
    history.record(head.list_id, { from: commit, epoch: head.epoch, revision: head.revision, rows });
    const { digest } = history.current(head.list_id);
    require(2, digest === head.digest && rows.size === head.count, () =>
      `list ${head.list_id} of the master says ${head.count} dossiers and ${head.digest}, it should be ${rows.size} and ${digest}`);
    return true;
  }

  #isListed(uuid: string): boolean {
    return Array.from(this.lists.values()).some((members) => members.has(uuid));
  }

  async #heads(): Promise<Head[]> {
    return rowsOf<Head>(this.#admin, {
      name: 'heads',
      text: `select list_id::int, epoch, revision::int, dossier_count::int as count, hash_text(digest_high, digest_low) as digest
       from list_positions order by list_id`,
    });
  }
}

function sameRows(a: ReadonlyMap<string, Content>, b: ReadonlyMap<string, Content>): boolean {
  if (a.size !== b.size) return false;
  for (const [uuid, content] of a) {
    const other = b.get(uuid);
    if (!other || (other !== content && hashOf(other) !== hashOf(content))) return false;
  }
  return true;
}
