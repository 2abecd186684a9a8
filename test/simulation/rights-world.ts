import { transaction, query } from '@dossier/postgres/database.ts';
import { acceptSite, createSite, grantLists, revokeSite } from '@dossier/feed/sites.ts';
import { wordsOf } from '@dossier/protocol/node-key.ts';
import { cloneDatabase } from '../kit/database.ts';
import { createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';

/** A copy that a node has, or may have, of a list of the node above it. */
export interface Copy {
  /** The list there, and the list here. */
  readonly remote: number;
  readonly local: number;
  /** Names of the dossiers that the list showed above while this node might read it: what may be here. */
  readonly allowed: Set<string>;
  linked: boolean;
  /** Whether it was synced since it was linked. */
  synced: boolean;
}

/** A node below another one, as the model knows it. */
export interface Site {
  readonly name: string;
  readonly node: EngineNode;
  readonly above: EngineNode;
  /** The site above which it is itself copied from; null: the master. */
  readonly via: Site | null;
  readonly copies: readonly Copy[];
  /** What it may read above: null: all; undefined: it isn't let in. */
  rights: readonly number[] | null | undefined;
  revoked: boolean;
}

/** A master, three sites of its own, one of which is a branch with a gate behind it. */
export class RightsWorld {
  readonly master: EngineNode;
  readonly sites: readonly Site[];
  /** The master's lists with the names in them, by uuid. */
  readonly lists = new Map<number, Map<string, string>>();
  #names = 0;

  private constructor(master: EngineNode, sites: readonly Site[], lists: readonly number[]) {
    this.master = master;
    this.sites = sites;
    for (const list of lists) this.lists.set(list, new Map());
  }

  static async open(clusterUrl: string, { approval }: { approval: 'none' | 'required' }): Promise<RightsWorld> {
    const open = async (name: string) =>
      createEngineNode({ NODE_NAME: name, SITE_APPROVAL: name === 'hq' ? approval : 'none' }, {}, await cloneDatabase(clusterUrl));
    const [master, branch, first, second, gate] = await Promise.all([
      open('hq'),
      open('branch'),
      open('first'),
      open('second'),
      open('gate'),
    ]);
    const lists = [await master.makeList('One'), await master.makeList('Two')];
    const atBranch = await makeSite({ name: 'branch', node: branch, above: master, via: null }, lists);
    const sites = [
      atBranch,
      await makeSite({ name: 'first', node: first, above: master, via: null }, lists),
      await makeSite({ name: 'second', node: second, above: master, via: null }, lists),
      await makeSite(
        { name: 'gate', node: gate, above: branch, via: atBranch },
        atBranch.copies.map(({ local }) => local),
      ),
    ];
    return new RightsWorld(master, sites, lists);
  }

  /** Adds, renames or removes a dossier of the master; each name is there once in all time. */
  async edit(list: number, what: 'add' | 'rename' | 'remove', pick: (uuids: string[]) => string): Promise<string> {
    const rows = this.lists.get(list) ?? new Map<string, string>();
    const { database } = this.master;
    if (what === 'add' || rows.size === 0) {
      const name = this.#newName(list);
      const [uuid = ''] = await this.master.makeDossiers([list], [name]);
      rows.set(uuid, name);
      return `${name} is added`;
    }
    const uuid = pick([...rows.keys()]);
    const former = rows.get(uuid);
    if (what === 'remove') {
      await query(database, `delete from dossiers where set_id = set_of(:list) and uuid = :uuid`, { list, uuid });
      rows.delete(uuid);
      return `${former} is removed`;
    }
    const name = this.#newName(list);
    await query(database, `update dossiers set name = :name where set_id = set_of(:list) and uuid = :uuid`, { list, uuid, name });
    rows.set(uuid, name);
    return `${former} is called ${name}`;
  }

  #newName(list: number): string {
    this.#names += 1;
    return `qz${list}x${this.#names}z`;
  }

  /** What the node above knows of a site; null if it never came. */
  async entryOf(site: Site): Promise<{ id: number; state: string; lists: number[] | null } | null> {
    const [entry] = await query<{ id: number; state: string; lists: number[] | null }>(
      site.above.database,
      `select id, state, array_to_json(lists) as lists from sites where node = :node or key = :key order by state = 'revoked' desc, id limit 1`,
      { node: site.node.uuid, key: site.node.key },
    );
    return entry ?? null;
  }

  async enrolByKey(site: Site, lists: readonly number[] | null): Promise<void> {
    const introduction = { key: site.node.key, words: await wordsOf(site.node.key) };
    await transaction(site.above.database, (tx) => createSite(tx, { name: site.name, lists, introduction }));
    site.rights = lists;
  }

  async grant(site: Site, id: number, lists: readonly number[] | null, purge: boolean): Promise<void> {
    await transaction(site.above.database, (tx) => grantLists(tx, id, { lists, purge }));
  }

  async accept(site: Site, id: number): Promise<void> {
    await transaction(site.above.database, (tx) => acceptSite(tx, id));
  }

  async revoke(site: Site, id: number): Promise<void> {
    await transaction(site.above.database, (tx) => revokeSite(tx, id, 'stolen'));
    site.revoked = true;
  }

  /** Learns who may read what from now on, and adds what is shown to whom to what may be there. To be called after whatever happened above. */
  async settle(): Promise<void> {
    for (const site of this.sites) {
      const entry = await this.entryOf(site);
      if (entry) site.rights = entry.state === 'accepted' ? entry.lists : undefined;
      // A newcomer by the token may be let in at its next question, to all lists.
      else if (site.rights === undefined) site.rights = null;
      if (site.revoked) site.rights = undefined;
      for (const copy of site.copies) {
        if (site.rights === undefined || (site.rights !== null && !site.rights.includes(copy.remote))) continue;
        for (const name of await this.#shownAbove(site, copy)) copy.allowed.add(name);
      }
    }
  }

  async #shownAbove(site: Site, { remote }: Copy): Promise<Iterable<string>> {
    return site.via === null ? (this.lists.get(remote)?.values() ?? []) : shownIn(site.above, remote);
  }

  async close(): Promise<void> {
    await Promise.all([this.master, ...this.sites.map(({ node }) => node)].map((node) => node.close()));
  }
}

async function makeSite(site: Pick<Site, 'name' | 'node' | 'above' | 'via'>, from: readonly number[]): Promise<Site> {
  const copies = from.map(async (remote): Promise<Copy> => ({
    remote,
    local: await site.node.makeList(`copy of ${remote}`),
    allowed: new Set(),
    linked: false,
    synced: false,
  }));
  return { ...site, copies: await Promise.all(copies), rights: undefined, revoked: false };
}

/** The names in a list of a node, as readers see it. */
export async function shownIn(node: EngineNode, list: number): Promise<string[]> {
  const rows = await query<{ name: string }>(node.database, `select d.name from dossiers d where d.set_id = set_of(:list) order by 1`, {
    list,
  });
  return rows.map(({ name }) => name);
}

/** Tables in which names can stand. */
const tables = [
  'dossiers',
  'history',
  'incoming',
  'refusals',
  'differences',
  'set_aside',
  'holds',
  'held_dossiers',
  'journal_rows',
  'runs',
  'links',
];

/** All names that a node has anywhere, shown or not. */
export async function knownTo(node: EngineNode): Promise<Set<string>> {
  const rows = await query<{ name: string }>(
    node.database,
    tables.map((table) => `select distinct (regexp_matches(t::text, 'qz[0-9]+x[0-9]+z', 'g'))[1] as name from ${table} t`).join(' union '),
  );
  return new Set(rows.map(({ name }) => name));
}
