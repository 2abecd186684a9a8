import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Content, ModelPhoto } from './content.ts';
import type { Effect, MasterModel } from './master-model.ts';
import type { Random } from './random.ts';

/** One statement, or few, by which somebody edits the master. */
export type Edit = (tx: Knex.Transaction) => Promise<Effect[]>;

export interface PlannedEdit {
  label: string;
  /** Dossiers that no other open transaction may touch. */
  dossiers: readonly string[];
  /** Whether it brings a dossier into a list while a slave may still hold it in another one. */
  shares: boolean;
  carryOut: Edit;
}

/** Thinks of edits of the master's lists. */
export class Editor {
  readonly #model: MasterModel;
  readonly #photos: PhotoStore;
  readonly #random: Random;
  /** Dossiers of transactions that are still open. */
  readonly reserved = new Set<string>();
  /** Photos that were put, by address. */
  readonly photoBytes = new Map<string, Buffer>();
  /** Dossiers that were taken out of their last list, with that list. */
  readonly #graveyard = new Map<string, number>();
  #externalIds = 0;

  constructor(options: { model: MasterModel; photos: PhotoStore; random: Random }) {
    this.#model = options.model;
    this.#photos = options.photos;
    this.#random = options.random;
  }

  /** New dossiers in one or several lists. */
  async create(lists: readonly number[], count: number): Promise<PlannedEdit> {
    const composed = await Promise.all(Array.from({ length: count }, () => this.#compose()));
    const made = composed.map(({ content }) => content);
    return {
      label: `create ${count} in ${lists.join(', ')}`,
      dossiers: made.map((content) => content.uuid),
      shares: lists.length > 1 || composed.some(({ from }) => from !== null && !lists.includes(from)),
      carryOut: async (tx) => {
        for (const content of made) await insertContent(tx, content);
        await query(tx, `insert into memberships (list_id, dossier) select l, d from unnest(:lists::bigint[]) l, unnest(:made::uuid[]) d`, {
          lists,
          made: made.map((content) => content.uuid),
        });
        return made.map((content): Effect => (model) => {
          model.dossiers.set(content.uuid, content);
          for (const list of lists) model.lists.get(list)?.add(content.uuid);
        });
      },
    };
  }

  /** One edit of a list; `alone`: of dossiers that are in no other list. Null if there is nothing to edit. */
  async plan(list: number, { alone }: { alone: boolean }): Promise<PlannedEdit | null> {
    const random = this.#random;
    const victims = [...(this.#model.lists.get(list) ?? [])].filter(
      (uuid) => !this.reserved.has(uuid) && (!alone || this.#listsOf(uuid).length === 1),
    );
    const kind = random.weighted([
      [4, 'create'],
      [6, 'edit'],
      [3, 'remove'],
      [1, 'delete'],
      [alone ? 0 : 2, 'share'],
      [alone ? 0 : 1, 'move'],
      [2, 'photo'],
      [1, 'drop-photo'],
      [1, 'features'],
      [1, 'swap'],
      [0.3, 'touch'],
    ] as const);
    if (kind === 'create' || victims.length === 0) return this.create([list], random.between(1, 4));
    const uuid = random.pick(victims);
    const content = this.#model.dossiers.get(uuid);
    if (!content) return null;
    switch (kind) {
      case 'remove':
        return this.#remove(list, uuid);
      case 'delete':
        return this.#delete(list, uuid);
      case 'share':
        return this.#share(uuid);
      case 'move':
        return this.#move(list, uuid);
      case 'photo':
        return this.#photo(content);
      case 'drop-photo':
        return this.#dropPhoto(content);
      case 'features':
        return this.#features(content);
      case 'swap':
        return this.#swap(content, random.pick(victims));
      case 'touch':
        return this.#update(content, content);
      default:
        return this.#update(content, {
          ...content,
          comment: this.#text(),
          name: this.#name(),
          active: random.chance(0.8),
          meta: this.#meta(),
        });
    }
  }

  /** Empties a list. */
  clear(list: number): PlannedEdit {
    const members = [...(this.#model.lists.get(list) ?? [])];
    return {
      label: `clear ${list}`,
      dossiers: members,
      shares: false,
      carryOut: async (tx) => {
        await query(tx, `delete from memberships where list_id = :list`, { list });
        return [(model) => model.lists.get(list)?.clear()];
      },
    };
  }

  #remove(list: number, uuid: string): PlannedEdit {
    return {
      label: `remove ${uuid.slice(0, 8)} from ${list}`,
      dossiers: [uuid],
      shares: false,
      carryOut: async (tx) => {
        const gone = await query(tx, `delete from memberships where list_id = :list and dossier = :uuid returning dossier`, { list, uuid });
        if (gone.length === 0) return [];
        this.#graveyard.set(uuid, list);
        return [(model) => void model.lists.get(list)?.delete(uuid)];
      },
    };
  }

  #delete(list: number, uuid: string): PlannedEdit {
    return {
      label: `delete ${uuid.slice(0, 8)}`,
      dossiers: [uuid],
      shares: false,
      carryOut: async (tx) => {
        const gone = await query(tx, `delete from dossiers where uuid = :uuid returning uuid`, { uuid });
        if (gone.length === 0) return [];
        this.#graveyard.set(uuid, list);
        return [(model) => model.lists.forEach((members) => members.delete(uuid))];
      },
    };
  }

  #share(uuid: string): PlannedEdit | null {
    const others = [...this.#model.lists.keys()].filter((list) => !this.#model.lists.get(list)?.has(uuid));
    if (others.length === 0) return null;
    const list = this.#random.pick(others);
    return {
      label: `share ${uuid.slice(0, 8)} with ${list}`,
      dossiers: [uuid],
      shares: true,
      carryOut: async (tx) => {
        await query(tx, `insert into memberships (list_id, dossier) values (:list, :uuid)`, { list, uuid });
        return [(model) => void model.lists.get(list)?.add(uuid)];
      },
    };
  }

  #move(list: number, uuid: string): PlannedEdit | null {
    const share = this.#share(uuid);
    if (!share) return null;
    const remove = this.#remove(list, uuid);
    return {
      label: `${share.label}, ${remove.label}`,
      dossiers: [uuid],
      shares: true,
      carryOut: async (tx) => {
        // The lists' locks in the order of their ids, as everybody takes them.
        await query(tx, `select 1 from dossiers where uuid = :uuid for update`, { uuid });
        return [...(await share.carryOut(tx)), ...(await remove.carryOut(tx))];
      },
    };
  }

  #update(before: Content, after: Content): PlannedEdit {
    const { uuid } = before;
    return {
      label: `edit ${uuid.slice(0, 8)}`,
      dossiers: [uuid],
      shares: false,
      carryOut: async (tx) => {
        const rows = await query(
          tx,
          `update dossiers set name = :name, comment = :comment, active = :active, meta = :meta::jsonb, external_id = :externalId
           where uuid = :uuid returning uuid`,
          { ...after },
        );
        return rows.length === 0 ? [] : [replaced(uuid, (now) => ({ ...after, photos: now.photos }))];
      },
    };
  }

  #swap(one: Content, otherUuid: string): PlannedEdit | null {
    const other = this.#model.dossiers.get(otherUuid);
    if (!other || other === one) return null;
    return {
      label: `swap the external ids of ${one.uuid.slice(0, 8)} and ${otherUuid.slice(0, 8)}`,
      dossiers: [one.uuid, otherUuid],
      shares: false,
      carryOut: async (tx) => {
        const rows = await query(
          tx,
          `update dossiers d set external_id = x.id from unnest(:uuids::uuid[], :ids::text[]) as x (uuid, id) where d.uuid = x.uuid returning d.uuid`,
          { uuids: [one.uuid, otherUuid], ids: [other.externalId, one.externalId] },
        );
        if (rows.length < 2) return [];
        return [
          replaced(one.uuid, (now) => ({ ...now, externalId: other.externalId })),
          replaced(otherUuid, (now) => ({ ...now, externalId: one.externalId })),
        ];
      },
    };
  }

  async #photo(content: Content): Promise<PlannedEdit> {
    const photo = await this.#composePhoto();
    return {
      label: `photo of ${content.uuid.slice(0, 8)}`,
      dossiers: [content.uuid],
      shares: false,
      carryOut: async (tx) => {
        await insertPhoto(tx, content.uuid, photo);
        return [replaced(content.uuid, (now) => ({ ...now, photos: [...now.photos, photo] }))];
      },
    };
  }

  #dropPhoto(content: Content): PlannedEdit | null {
    if (content.photos.length === 0) return null;
    const { sha256 } = this.#random.pick(content.photos);
    return {
      label: `drop a photo of ${content.uuid.slice(0, 8)}`,
      dossiers: [content.uuid],
      shares: false,
      carryOut: async (tx) => {
        await query(tx, `delete from photos where dossier = :uuid and sha256 = decode(:sha256, 'hex')`, { uuid: content.uuid, sha256 });
        return [replaced(content.uuid, (now) => ({ ...now, photos: now.photos.filter((photo) => photo.sha256 !== sha256) }))];
      },
    };
  }

  #features(content: Content): PlannedEdit | null {
    if (content.photos.length === 0) return null;
    const { sha256 } = this.#random.pick(content.photos);
    const features = this.#random.bytes(12).toString('base64');
    return {
      label: `features of ${content.uuid.slice(0, 8)}`,
      dossiers: [content.uuid],
      shares: false,
      carryOut: async (tx) => {
        await query(tx, `update photos set features = :features where dossier = :uuid and sha256 = decode(:sha256, 'hex')`, {
          uuid: content.uuid,
          sha256,
          features,
        });
        const changed = (photo: ModelPhoto): ModelPhoto => (photo.sha256 === sha256 ? { ...photo, features } : photo);
        return [replaced(content.uuid, (now) => ({ ...now, photos: now.photos.map(changed) }))];
      },
    };
  }

  #listsOf(uuid: string): number[] {
    return Array.from(this.#model.lists)
      .filter(([, members]) => members.has(uuid))
      .map(([list]) => list);
  }

  /** A new dossier, or one that comes again: then with the list that it was in. */
  async #compose(): Promise<{ content: Content; from: number | null }> {
    const random = this.#random;
    const dead = [...this.#graveyard.keys()].filter((uuid) => !this.#model.dossiers.has(uuid) && !this.reserved.has(uuid));
    const uuid = dead.length > 0 && random.chance(0.2) ? random.pick(dead) : random.uuid();
    const from = this.#graveyard.get(uuid) ?? null;
    this.#graveyard.delete(uuid);
    this.#externalIds += 1;
    const content = {
      uuid,
      name: this.#name(),
      comment: this.#text(),
      active: random.chance(0.8),
      meta: this.#meta(),
      externalId: random.chance(0.4) ? `e-${this.#externalIds}` : null,
      photos: random.chance(0.25) ? [await this.#composePhoto()] : [],
    };
    return { content, from };
  }

  /** Bytes of a photo, in the master's store. The same bytes come again now and then. */
  async #composePhoto(): Promise<ModelPhoto> {
    const random = this.#random;
    const bytes = random.bytes(random.between(40, 400));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.photoBytes.set(sha256, bytes);
    await this.#photos.put(bytes);
    return {
      sha256,
      width: 600,
      height: 800,
      bytes: bytes.length,
      features: random.chance(0.5) ? random.bytes(6).toString('base64') : null,
    };
  }

  #name(): string {
    return `${this.#random.pick(['Ada', 'Bob', 'Çelik', 'Дарья', '王', 'O"Hara', 'tab\tname', '\\N'])} ${this.#random.below(1e6)}`;
  }

  #text(): string {
    const random = this.#random;
    if (random.chance(0.05)) return 'x'.repeat(4000) + String(random.below(1e6));
    return random.pick(['', 'wanted', 'line\nbreak', '{"kind":"end"}', '\\.', 'ünï']) + String(random.below(1e6));
  }

  #meta(): string {
    return this.#random.pick(['{}', `{"case": ${this.#random.below(1e6)}}`, '{"n": 12345678901234567890.5}', '{"a": ["b", null, true]}']);
  }
}

function replaced(uuid: string, change: (content: Content) => Content): Effect {
  return (model) => {
    const content = model.dossiers.get(uuid);
    if (content) model.dossiers.set(uuid, change(content));
  };
}

async function insertContent(tx: Knex.Transaction, content: Content): Promise<void> {
  await query(
    tx,
    `insert into dossiers (uuid, name, comment, active, meta, external_id)
     values (:uuid, :name, :comment, :active, :meta::jsonb, :externalId)`,
    { ...content },
  );
  for (const photo of content.photos) await insertPhoto(tx, content.uuid, photo);
}

async function insertPhoto(tx: Knex.Transaction, uuid: string, photo: ModelPhoto): Promise<void> {
  await query(
    tx,
    `insert into photos (dossier, sha256, width, height, bytes, media_type, features)
     values (:uuid, decode(:sha256, 'hex'), :width, :height, :bytes, 'image/jpeg', :features)`,
    { ...photo, uuid },
  );
}
