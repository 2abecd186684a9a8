import type { Client } from 'pg';
import { photosOf } from './content.ts';
import type { Content, ModelPhoto, Tree } from './content.ts';
import { rowsOf } from './site.ts';

export interface ObservedLink {
  list: number;
  remote_list_id: number;
  remote_list: string | null;
  state: string;
  fence: number;
  epoch: string | null;
  revision: number | null;
  digest: string | null;
  count: number | null;
  purge: boolean;
}

export interface ObservedRun {
  id: number;
  list: number;
  reason: string;
  mode: string;
  method: string | null;
  state: string;
  fence: number | null;
  attempt: number;
  finished: boolean;
  code: string | null;
  differences: number;
}

/** Where a list stands. */
export interface ObservedPosition {
  list: number;
  set: number;
  epoch: string;
  revision: number;
  count: number;
  /** Null where it isn't computed yet. */
  digest: string | null;
  /** What the list declares. */
  declaration: string;
  tree: Tree;
}

/** A row of a list as a reader sees it. */
export interface ObservedDossier {
  content: Content;
  hash: string;
  id: number;
  revision: number;
  /** Stands for all bytes of the row. */
  print: string;
}

export interface ObservedHold {
  id: number;
  list: number;
  state: string;
  difference: string;
  digest: string;
}

/** All of the slave that can be seen from outside, in one snapshot. */
export interface Observation {
  links: Map<number, ObservedLink>;
  runs: Map<number, ObservedRun>;
  positions: Map<number, ObservedPosition>;
  /** The rows of each list. */
  lists: Map<number, Map<string, ObservedDossier>>;
  setAside: Map<number, Map<string, string>>;
  missingPhotos: Map<number, Set<string>>;
  holds: Map<number, ObservedHold>;
  /** Lists of which the last applied sync can be taken back. */
  undoable: Set<number>;
}

const statement = `
  select
    (select coalesce(json_agg(json_build_object('list', slave_list_id, 'remote_list_id', remote_list_id, 'remote_list', remote_list,
       'state', state, 'fence', fence, 'epoch', epoch, 'revision', revision, 'digest', digest, 'count', dossier_count, 'purge', purge)
       order by slave_list_id), '[]') from links) as links,
    (select coalesce(json_agg(json_build_object('id', id, 'list', slave_list_id, 'reason', reason, 'mode', mode, 'method', method, 'state', state,
       'fence', fence, 'attempt', attempt, 'finished', finished_date is not null, 'code', error->>'code',
       'differences', coalesce(jsonb_array_length(differences), 0)) order by id), '[]') from runs) as runs,
    (select coalesce(json_agg(json_build_object('list', list_id, 'set', set_id, 'epoch', epoch, 'revision', revision, 'count', dossier_count,
       'digest', encode(digest, 'hex'), 'declaration', (select declaration::text from watch_lists l where l.id = p.list_id), 'tree', (
         select coalesce(json_agg(json_build_array(prefix, count, encode(hash, 'hex'))), '[]') from tree_nodes t where t.set_id = p.set_id))
       order by list_id), '[]') from list_positions p) as positions,
    (select coalesce(json_agg(json_build_object('list', p.list_id, 'id', d.id, 'revision', d.revision, 'hash', encode(d.hash, 'hex'),
       'print', md5(d::text), 'content', json_build_object('uuid', d.uuid, 'name', d.name, 'comment', d.comment, 'active', d.active,
         'externalId', d.external_id, 'validFrom', d.valid_from, 'validUntil', d.valid_until, 'meta', d.meta::text, 'photos', d.photos::text,
         'features', d.features::text)) order by d.uuid), '[]')
       from list_positions p join dossiers d on d.set_id = p.set_id) as rows,
    (select coalesce(json_agg(json_build_array(list_id, uuid, encode(hash, 'hex')) order by list_id, uuid), '[]') from set_aside) as set_aside,
    (select coalesce(json_agg(json_build_array(slave_list_id, encode(sha256, 'hex')) order by 1), '[]') from
       (select slave_list_id, sha256 from missing_photos order by 1, 2) m) as missing_photos,
    (select coalesce(json_agg(json_build_object('id', id, 'list', slave_list_id, 'state', state, 'difference', difference, 'digest', head_digest)
       order by id), '[]') from holds) as holds,
    (select coalesce(json_agg(j.list_id), '[]') from journals j join list_positions p on p.list_id = j.list_id where j.digest_after = p.digest) as undoable`;

interface ObservedRows {
  links: ObservedLink[];
  runs: ObservedRun[];
  positions: (Omit<ObservedPosition, 'tree'> & { tree: [string, number, string][] })[];
  rows: (ObservedDossier & { list: number })[];
  set_aside: [number, string, string][];
  missing_photos: [number, string][];
  holds: ObservedHold[];
  undoable: number[];
}

/** Looks at the slave as a reader would: only what is committed, and only rows of sets that a list points at. */
export async function observe(admin: Client): Promise<Observation> {
  const [seen] = await rowsOf<ObservedRows>(admin, { name: 'observation', text: statement });
  if (!seen) throw new Error('the slave shows nothing');
  const lists = new Map(seen.positions.map(({ list }) => [list, new Map<string, ObservedDossier>()]));
  for (const { list, ...dossier } of seen.rows) lists.get(list)?.set(dossier.content.uuid, dossier);
  const setAside = new Map<number, Map<string, string>>();
  for (const [list, dossier, hash] of seen.set_aside) setAside.set(list, (setAside.get(list) ?? new Map()).set(dossier, hash));
  const missingPhotos = new Map<number, Set<string>>();
  for (const [list, sha256] of seen.missing_photos) missingPhotos.set(list, (missingPhotos.get(list) ?? new Set()).add(sha256));
  const positions = seen.positions.map((position): [number, ObservedPosition] => [
    position.list,
    { ...position, tree: new Map(position.tree.map(([prefix, count, hash]) => [prefix, { count, hash }])) },
  ]);
  return {
    links: new Map(seen.links.map((link) => [link.list, link])),
    runs: new Map(seen.runs.map((run) => [run.id, run])),
    positions: new Map(positions),
    lists,
    setAside,
    missingPhotos,
    holds: new Map(seen.holds.map((hold) => [hold.id, hold])),
    undoable: new Set(seen.undoable),
  };
}

/** Sets whose rows, tombstones or nodes are there though no list points at them and upkeep doesn't know of them. */
export async function findLostSets(admin: Client): Promise<number[]> {
  const rows = await rowsOf<{ set_id: number }>(
    admin,
    `select distinct set_id::int from (select set_id from dossiers union select set_id from tombstones union select set_id from tree_nodes) s
     where not exists (select from list_positions p where p.set_id = s.set_id) and not exists (select from sets where sets.set_id = s.set_id)`,
  );
  return rows.map((row) => row.set_id);
}

/** The photos of all rows that readers see, as often as rows show them. */
export function shownPhotos(seen: Observation): ModelPhoto[] {
  return Array.from(seen.lists.values()).flatMap((rows) => Array.from(rows.values()).flatMap(({ content }) => photosOf(content)));
}
