import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** A node of a set's tree: a leaf with its rows, or an inner node with its children that hold any. Hashes are 64 hexadecimal digits. */
export interface TreeNode {
  /** Hexadecimal digits of the uuids below it; empty for the root. */
  prefix: string;
  count: number;
  hash: string;
  /** Of a leaf: uuid and hash of each row, by uuid. */
  rows?: [uuid: string, hash: string][];
  children?: [digit: string, count: number, hash: string][];
}

/** Most rows of a leaf. */
export const leafRows = 32;

/** The nodes of a set's tree with these prefixes, each with what is right below it; those that aren't there are left out. */
export async function readTreeNodes(connection: Connection, setId: number, prefixes: readonly string[]): Promise<TreeNode[]> {
  const rows = await query<{ prefix: string; count: number; hash: string; below: [string, string | number, string?][] | null }>(
    connection,
    `select t.prefix, t.count, encode(t.hash, 'hex') as hash, case when t.count <= ${leafRows} then (
         select json_agg(json_build_array(uuid, encode(hash, 'hex')) order by uuid) from dossiers
         where set_id = t.set_id and uuid between first_uuid(t.prefix) and last_uuid(t.prefix)
       ) else (
         select json_agg(json_build_array(right(c.prefix, 1), c.count, encode(c.hash, 'hex')) order by c.prefix)
         from unnest(string_to_array('0123456789abcdef', null)) digit
         cross join lateral (select * from tree_nodes n where n.set_id = t.set_id and n.prefix = t.prefix || digit limit 1) c
       ) end as below
     from unnest(:prefixes::text[]) asked (prefix)
     cross join lateral (select * from tree_nodes n where n.set_id = :setId and n.prefix = asked.prefix limit 1) t
     order by t.prefix`,
    { setId, prefixes },
  );
  return rows.map(({ prefix, count, hash, below }): TreeNode => {
    const node = { prefix, count, hash };
    if (count <= leafRows) return { ...node, rows: (below ?? []) as [string, string][] };
    return { ...node, children: (below ?? []) as [string, number, string][] };
  });
}

/** Uuid and hash of the rows of a set under a prefix, by uuid, as many as are asked for. */
export async function readRowHashes(
  connection: Connection,
  setId: number,
  { prefix, limit }: { prefix: string; limit: number },
): Promise<[uuid: string, hash: string][]> {
  const rows = await query<{ uuid: string; hash: string }>(
    connection,
    `select uuid, encode(hash, 'hex') as hash from dossiers
     where set_id = :setId and uuid between first_uuid(:prefix) and last_uuid(:prefix) order by uuid limit :limit`,
    { setId, prefix, limit },
  );
  return rows.map(({ uuid, hash }) => [uuid, hash]);
}
