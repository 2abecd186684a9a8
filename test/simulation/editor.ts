import type { Knex } from 'knex';
import { query } from '@dossier/postgres/database.ts';
import { book, lockLists } from '@dossier/registry/positions.ts';
import { shareIds } from '@dossier/replication/row-columns.ts';
import type { Composer } from './composer.ts';
import { featuresOf, photosOf } from './content.ts';
import type { Content } from './content.ts';
import type { Effect, MasterModel } from './master-model.ts';
import type { Random } from './random.ts';
import { deleteRow, insertBooked, insertRow, updateBooked, updateRow } from './row-statements.ts';

/** One statement, or few, by which somebody edits the master. */
export type Edit = (tx: Knex.Transaction) => Promise<Effect[]>;

export interface PlannedEdit {
  label: string;
  /** Rows that no other open transaction may touch, as `rowKey` names them. */
  rows: readonly string[];
  carryOut: Edit;
}

function rowKey(list: number, uuid: string): string {
  return `${list}/${uuid}`;
}

/** Thinks of edits of the master's lists. */
export class Editor {
  readonly #model: MasterModel;
  readonly #composer: Composer;
  readonly #random: Random;
  /** Rows of transactions that are still open. */
  readonly reserved = new Set<string>();
  /** Dossiers that were taken out of a list. */
  readonly #graveyard = new Set<string>();

  constructor(options: { model: MasterModel; composer: Composer; random: Random }) {
    this.#model = options.model;
    this.#composer = options.composer;
    this.#random = options.random;
  }

  /** New dossiers in one or several lists. */
  async create(lists: readonly number[], count: number): Promise<PlannedEdit> {
    const made: Content[] = [];
    for (let number = 0; number < count; number += 1) made.push(await this.#composer.compose(this.#findDead(lists)));
    return {
      label: `create ${count} in ${lists.join(', ')}`,
      rows: lists.flatMap((list) => made.map(({ uuid }) => rowKey(list, uuid))),
      carryOut: async (tx) => {
        for (const list of lists) for (const content of made) await insertRow(tx, list, content);
        return lists.flatMap((list) => made.map((content) => put(list, content)));
      },
    };
  }

  /** One edit of a list; `alone`: of no other list with it. Null if there is nothing to edit. */
  async plan(list: number, { alone, bulkWeight }: { alone: boolean; bulkWeight: number }): Promise<PlannedEdit | null> {
    const random = this.#random;
    const victims = this.#victims(list);
    const kind = random.weighted([
      [4, 'create'],
      [6, 'edit'],
      [3, 'remove'],
      [alone ? 0 : 2, 'share'],
      [alone ? 0 : 1, 'move'],
      [2, 'photo'],
      [1, 'drop-photo'],
      [1, 'features'],
      [1, 'swap'],
      [1, 'hand-on'],
      [bulkWeight, 'bulk'],
      [0.3, 'touch'],
    ] as const);
    if (kind === 'bulk') return this.#bulk(list, victims);
    const content = victims.length === 0 ? undefined : random.pick(victims);
    if (kind === 'create' || content === undefined) {
      const lists = alone || random.chance(0.8) ? [list] : [...this.#model.lists.keys()];
      return this.create(lists, random.between(1, 4));
    }
    switch (kind) {
      case 'remove':
        return this.#remove(list, content.uuid);
      case 'share':
        return this.#share(content);
      case 'move':
        return this.#move(list, content);
      case 'photo':
        return this.#photo(list, content);
      case 'drop-photo':
        return this.#dropPhoto(list, content);
      case 'features':
        return this.#features(list, content);
      case 'swap':
        return this.#swap(list, content, random.pick(victims));
      case 'hand-on':
        return this.#handOn(list, content);
      case 'touch':
        return this.#update(list, content, {});
      default:
        return this.#update(list, content, this.#composer.texts());
    }
  }

  isReserved(list: number, uuid: string): boolean {
    return this.reserved.has(rowKey(list, uuid));
  }

  /** Empties a list. */
  clear(list: number): PlannedEdit {
    return {
      label: `clear ${list}`,
      rows: Array.from(this.#model.lists.get(list)?.keys() ?? [], (uuid) => rowKey(list, uuid)),
      carryOut: async (tx) => {
        await query(tx, `delete from dossiers where set_id = set_of(:list)`, { list });
        return [(model) => model.change(list, (rows) => rows.clear())];
      },
    };
  }

  /** Writes rows anew that don't bear their hash, so that they do. Null if all do. */
  mend(list: number): PlannedEdit | null {
    const spoilt = Array.from(this.#model.lists.get(list)?.values() ?? []).filter((content) => content.original);
    if (spoilt.length === 0) return null;
    return {
      label: `mend ${spoilt.length} in ${list}`,
      rows: spoilt.map(({ uuid }) => rowKey(list, uuid)),
      carryOut: async (tx) => {
        for (const { original, ...content } of spoilt) if (original) await updateRow(tx, list, content);
        return spoilt.map(({ original: _original, ...content }) => put(list, content));
      },
    };
  }

  #victims(list: number): Content[] {
    return Array.from(this.#model.lists.get(list)?.values() ?? []).filter(
      (content) => !content.original && !this.isReserved(list, content.uuid),
    );
  }

  /** A dossier that these lists don't hold any more, now and then. */
  #findDead(lists: readonly number[]): string | null {
    const dead = [...this.#graveyard].filter((uuid) =>
      lists.every((list) => !this.#model.lists.get(list)?.has(uuid) && !this.isReserved(list, uuid)),
    );
    if (dead.length === 0 || !this.#random.chance(0.2)) return null;
    const uuid = this.#random.pick(dead);
    this.#graveyard.delete(uuid);
    return uuid;
  }

  #remove(list: number, uuid: string): PlannedEdit {
    return {
      label: `remove ${uuid.slice(0, 8)} from ${list}`,
      rows: [rowKey(list, uuid)],
      carryOut: async (tx) => {
        if (!(await deleteRow(tx, list, uuid))) return [];
        this.#graveyard.add(uuid);
        return [take(list, uuid)];
      },
    };
  }

  /** Brings a dossier into another list, perhaps with a content of its own there. */
  #share(content: Content): PlannedEdit | null {
    const { uuid } = content;
    const others = [...this.#model.lists.keys()].filter(
      (other) => !this.#model.lists.get(other)?.has(uuid) && !this.isReserved(other, uuid),
    );
    if (others.length === 0) return null;
    const list = this.#random.pick(others);
    const isTaken = [...(this.#model.lists.get(list)?.values() ?? [])].some(({ externalId }) => externalId === content.externalId);
    const shared = {
      ...content,
      ...(this.#random.chance(0.3) && this.#composer.texts()),
      externalId: isTaken ? null : content.externalId,
    };
    return {
      label: `share ${uuid.slice(0, 8)} with ${list}`,
      rows: [rowKey(list, uuid)],
      carryOut: async (tx) => {
        await insertRow(tx, list, shared);
        return [put(list, shared)];
      },
    };
  }

  #move(list: number, content: Content): PlannedEdit | null {
    const share = this.#share(content);
    if (!share) return null;
    const remove = this.#remove(list, content.uuid);
    return {
      label: `${share.label}, ${remove.label}`,
      rows: [...share.rows, ...remove.rows],
      carryOut: async (tx) => {
        // The lists' locks in the order of their ids, as everybody takes them.
        await query(tx, `select 1 from list_positions order by list_id for no key update`);
        return [...(await share.carryOut(tx)), ...(await remove.carryOut(tx))];
      },
    };
  }

  #update(list: number, before: Content, change: Partial<Content>): PlannedEdit {
    const after = { ...before, ...change };
    return {
      label: `edit ${after.uuid.slice(0, 8)} in ${list}`,
      rows: [rowKey(list, after.uuid)],
      carryOut: async (tx) => ((await updateRow(tx, list, after)) ? [put(list, after)] : []),
    };
  }

  /** Two dossiers exchange their external ids, one after the other in one transaction. */
  #swap(list: number, one: Content, other: Content): PlannedEdit | null {
    if (other === one) return null;
    return {
      label: `swap the external ids of ${one.uuid.slice(0, 8)} and ${other.uuid.slice(0, 8)} in ${list}`,
      rows: [rowKey(list, one.uuid), rowKey(list, other.uuid)],
      carryOut: async (tx) => {
        await query(tx, `set constraints dossiers_external_id_unique deferred`);
        const swapped = [
          { ...one, externalId: other.externalId },
          { ...other, externalId: one.externalId },
        ];
        const effects: Effect[] = [];
        for (const content of swapped) if (await updateRow(tx, list, content)) effects.push(put(list, content));
        return effects;
      },
    };
  }

  /** A dossier goes, and another one comes under its external id. */
  async #handOn(list: number, { uuid, externalId }: Content): Promise<PlannedEdit> {
    const heir = { ...(await this.#composer.compose(null)), externalId };
    const remove = this.#remove(list, uuid);
    return {
      label: `${heir.uuid.slice(0, 8)} for ${uuid.slice(0, 8)} in ${list}`,
      rows: [...remove.rows, rowKey(list, heir.uuid)],
      carryOut: async (tx) => {
        const gone = await remove.carryOut(tx);
        await insertRow(tx, list, heir);
        return [...gone, put(list, heir)];
      },
    };
  }

  /** What a program of ours does with several dossiers at once: it locks the list, and books them all at the end. */
  async #bulk(list: number, victims: readonly Content[]): Promise<PlannedEdit> {
    const random = this.#random;
    const made: Content[] = [];
    for (let number = random.between(1, 5); number > 0; number -= 1) made.push(await this.#composer.compose(this.#findDead([list])));
    const changed = victims.filter(() => random.chance(0.2)).map((content) => ({ ...content, ...this.#composer.texts() }));
    return {
      label: `write ${made.length} and ${changed.length} at once in ${list}`,
      rows: [...made, ...changed].map(({ uuid }) => rowKey(list, uuid)),
      carryOut: async (tx) => {
        await lockLists(tx, [list]);
        await shareIds(tx);
        const there: Content[] = [];
        for (const content of changed) if (await updateBooked(tx, list, content)) there.push(content);
        for (const content of made) await insertBooked(tx, list, content);
        await book(tx, { listId: list, growth: made.length, changes: made.length + there.length });
        await query(tx, `select set_config('dossier.writer', '', true)`);
        return [...made, ...there].map((content) => put(list, content));
      },
    };
  }

  async #photo(list: number, content: Content): Promise<PlannedEdit> {
    const shown = photosOf(content);
    const photos = [...shown, await this.#composer.photo(shown)];
    return this.#update(list, content, this.#composer.show(photos, [...featuresOf(content), this.#composer.feature()]));
  }

  #dropPhoto(list: number, content: Content): PlannedEdit | null {
    const photos = photosOf(content);
    if (photos.length === 0) return null;
    const at = this.#random.below(photos.length);
    return this.#update(list, content, this.#composer.show(photos.toSpliced(at, 1), featuresOf(content).toSpliced(at, 1)));
  }

  #features(list: number, content: Content): PlannedEdit | null {
    const photos = photosOf(content);
    if (photos.length === 0) return null;
    const at = this.#random.below(photos.length);
    return this.#update(list, content, this.#composer.show(photos, featuresOf(content).with(at, this.#composer.feature())));
  }
}

function put(list: number, content: Content): Effect {
  return (model) => model.change(list, (rows) => rows.set(content.uuid, content));
}

function take(list: number, uuid: string): Effect {
  return (model) => model.change(list, (rows) => rows.delete(uuid));
}
