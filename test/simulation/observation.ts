import type { Client } from 'pg';
import { hashOf } from './content.ts';
import type { Content } from './content.ts';
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
  mode: string;
  method: string | null;
  state: string;
  fence: number | null;
  attempt: number;
  finished: boolean;
  code: string | null;
  differences: number;
}

export interface ObservedDossier {
  content: Content;
  hash: string;
}

/** All of the slave that can be seen from outside, in one snapshot. */
export interface Observation {
  links: Map<number, ObservedLink>;
  runs: Map<number, ObservedRun>;
  positions: Map<number, { revision: number; count: number; digest: string }>;
  members: Map<number, Map<string, { hash: string; revision: number }>>;
  dossiers: Map<string, ObservedDossier>;
  setAside: Map<number, Map<string, string>>;
  offlineDeletions: { list: number; dossier: string; settled: string | null }[];
  missingPhotos: Map<number, Set<string>>;
  /** What waits for a person's approval, by list. */
  holds: Map<number, string>;
}

const statement = `
  select
    (select coalesce(json_agg(json_build_object('list', slave_list_id, 'remote_list_id', remote_list_id, 'remote_list', remote_list,
       'state', state, 'fence', fence, 'epoch', epoch, 'revision', revision, 'digest', digest, 'count', dossier_count, 'purge', purge)
       order by slave_list_id), '[]') from links) as links,
    (select coalesce(json_agg(json_build_object('id', id, 'list', slave_list_id, 'mode', mode, 'method', method, 'state', state,
       'fence', fence, 'attempt', attempt, 'finished', finished_date is not null, 'code', error->>'code',
       'differences', coalesce(jsonb_array_length(differences), 0)) order by id), '[]') from runs) as runs,
    (select coalesce(json_agg(json_build_object('list', list_id, 'revision', revision, 'count', dossier_count,
       'digest', hash_text(digest_high, digest_low)) order by list_id), '[]') from list_positions) as positions,
    (select coalesce(json_agg(json_build_array(list_id, dossier, hash_text(hash_high, hash_low), revision) order by list_id, dossier), '[]')
       from memberships) as members,
    (select coalesce(json_agg(json_build_object('uuid', d.uuid, 'name', d.name, 'comment', d.comment, 'active', d.active, 'meta', d.meta::text,
       'externalId', d.external_id, 'hash', encode(d.hash, 'hex'), 'photos', coalesce((
         select json_agg(json_build_object('sha256', encode(p.sha256, 'hex'), 'width', p.width, 'height', p.height, 'bytes', p.bytes,
           'features', p.features) order by p.sha256) from photos p where p.dossier = d.uuid), '[]')) order by d.uuid), '[]')
       from dossiers d) as dossiers,
    (select coalesce(json_agg(json_build_array(list_id, dossier, hash_text(hash_high, hash_low)) order by list_id, dossier), '[]')
       from set_aside) as set_aside,
    (select coalesce(json_agg(json_build_object('list', slave_list_id, 'dossier', dossier, 'settled', settled_as) order by id), '[]')
       from offline_deletions) as offline_deletions,
    (select coalesce(json_agg(json_build_array(slave_list_id, encode(sha256, 'hex')) order by 1), '[]') from
       (select slave_list_id, sha256 from missing_photos order by 1, 2) m) as missing_photos,
    (select coalesce(json_agg(json_build_array(slave_list_id, difference) order by id), '[]') from holds where state = 'waiting') as holds`;

interface ObservedRow {
  links: ObservedLink[];
  runs: ObservedRun[];
  positions: { list: number; revision: number; count: number; digest: string }[];
  members: [number, string, string, number][];
  dossiers: (Content & { hash: string })[];
  set_aside: [number, string, string][];
  offline_deletions: { list: number; dossier: string; settled: string | null }[];
  missing_photos: [number, string][];
  holds: [number, string][];
}

/** Looks at the slave as a reader would: only what is committed. */
export async function observe(admin: Client): Promise<Observation> {
  const [row] = await rowsOf<ObservedRow>(admin, { name: 'observation', text: statement });
  if (!row) throw new Error('the slave shows nothing');
  const members = new Map(row.positions.map(({ list }) => [list, new Map<string, { hash: string; revision: number }>()]));
  for (const [list, dossier, hash, revision] of row.members) members.get(list)?.set(dossier, { hash, revision });
  const setAside = new Map<number, Map<string, string>>();
  for (const [list, dossier, hash] of row.set_aside) setAside.set(list, (setAside.get(list) ?? new Map()).set(dossier, hash));
  const missingPhotos = new Map<number, Set<string>>();
  for (const [list, sha256] of row.missing_photos) missingPhotos.set(list, (missingPhotos.get(list) ?? new Set()).add(sha256));
  return {
    links: new Map(row.links.map((link) => [link.list, link])),
    runs: new Map(row.runs.map((run) => [run.id, run])),
    positions: new Map(row.positions.map((position) => [position.list, position])),
    members,
    dossiers: new Map(row.dossiers.map(({ hash, ...content }) => [content.uuid, { content, hash }])),
    setAside,
    offlineDeletions: row.offline_deletions,
    missingPhotos,
    holds: new Map(row.holds),
  };
}

/** The hash of a dossier, recomputed from what a reader sees of it. */
export function recomputedHash(dossier: ObservedDossier): string {
  return hashOf(dossier.content);
}
