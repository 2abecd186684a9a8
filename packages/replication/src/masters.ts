import { preparedOne, query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { notFound } from '@dossier/runtime/errors.ts';

/** Whose answers are believed under an address. */
export interface MasterRow {
  id: number;
  remote_url: string;
  node: string;
  name: string | null;
  key: string;
  previous_key: string | null;
  previous_until: Date | null;
  /** With what this node was accepted there, if by an invitation. */
  voucher: string | null;
  /** Another key that answered there, and isn't believed. */
  offered_key: string | null;
  offered_date: Date | null;
  offered_node: string | null;
  offered_url: string | null;
  pinned_date: Date;
}

const columns = `
  id, remote_url, node, name, key, previous_key, previous_until, voucher, offered_key, offered_date, offered_node, offered_url,
  pinned_date`;
const noOffer = `offered_key = null, offered_date = null, offered_node = null, offered_url = null`;

export async function findMaster(connection: Connection, remoteUrl: string): Promise<MasterRow | null> {
  return preparedOne<MasterRow>(connection, 'find master', {
    sql: `select ${columns} from masters where remote_url = :remoteUrl`,
    parameters: { remoteUrl },
  });
}

/** All masters whose keys are known here, by address. */
export async function listMasters(connection: Connection): Promise<MasterRow[]> {
  return query<MasterRow>(connection, `select ${columns} from masters order by remote_url`);
}

/** Where this node has met a master, whose keys are believed elsewhere: NOT_FOUND if there is no such one. */
export async function readMaster(connection: Connection, id: number): Promise<MasterRow> {
  const master = await queryOne<MasterRow>(connection, `select ${columns} from masters where id = :id`, { id });
  if (!master) throw notFound(`master ${id}`);
  return master;
}

/**
 * Believes a key under an address, for as long as no other one was met there or for the same node elsewhere; returns what is believed then, which the caller has to
 * compare. With `instead`, as a person vouches for it, it takes the place of the other.
 */
export async function pinMaster(
  database: Database,
  pin: { remoteUrl: string; node: string; key: string },
  { instead }: { instead: boolean },
): Promise<MasterRow | null> {
  return transaction(database, async (tx) => {
    await query(tx, `select pg_advisory_xact_lock(hashtextextended('dossier masters', 0))`);
    if (instead) {
      await query(tx, `update masters set key = :key, previous_key = null, ${noOffer}, pinned_date = now() where node = :node`, pin);
      await query(tx, `delete from masters where remote_url = :remoteUrl and node <> :node`, pin);
    }
    await query(
      tx,
      `insert into masters (remote_url, node, key) select :remoteUrl, :node, :key
       where not exists (select from masters where node = :node and key <> :key) on conflict (remote_url) do nothing`,
      pin,
    );
    return findMaster(tx, pin.remoteUrl);
  });
}

/** A master's next key takes the place of the one that says so, which is taken for a while yet, under all addresses. */
export async function followMaster(connection: Connection, succession: { old: string; next: string; until: Date }): Promise<void> {
  await query(
    connection,
    `update masters set key = :next, previous_key = :old, previous_until = :until, ${noOffer}, pinned_date = now() where key = :old`,
    succession,
  );
}

/** Keeps that another key answers under an address, for a person to look at: beside the master of this address, or else beside the one that it says it is. */
export async function noteOfferedKey(
  connection: Connection,
  offer: { remoteUrl: string; node: string | null; key: string },
): Promise<void> {
  await query(
    connection,
    `update masters set offered_date = case when offered_key = :key then offered_date else now() end, offered_key = :key, offered_node = :node, offered_url = :remoteUrl
     where remote_url = :remoteUrl or (node = :node and not exists (select from masters where remote_url = :remoteUrl))`,
    offer,
  );
}

/** Keeps what a master says of itself. */
export async function noteGreeting(
  connection: Connection,
  remoteUrl: string,
  { name, voucher }: { name: string | null; voucher: string | null },
): Promise<void> {
  await query(
    connection,
    `update masters set name = coalesce(:name, name), voucher = coalesce(:voucher, voucher)
     where remote_url = :remoteUrl and (name is distinct from coalesce(:name, name) or voucher is distinct from coalesce(:voucher, voucher))`,
    { remoteUrl, name, voucher },
  );
}

/**
 * Believes the key that was offered, if it still is this one, under all addresses of its node. Where it is another node's, that takes the place of the one which
 * was known under this address. False if the key isn't offered any more, or its node is known by another one.
 */
export async function acceptOfferedKey(connection: Connection, id: number, key: string): Promise<boolean> {
  const rows = await query(
    connection,
    `update masters m set key = :key, node = coalesce(asked.offered_node, m.node), previous_key = null, ${noOffer}, pinned_date = now()
     from masters asked
     where asked.id = :id and asked.offered_key = :key and (m.id = asked.id or (m.node = asked.node and m.node = coalesce(asked.offered_node, m.node)))
       and (asked.offered_node = asked.node or not exists (select from masters o where o.node = asked.offered_node and o.key <> :key))
     returning m.id`,
    { id, key },
  );
  return rows.length > 0;
}

/** Forgets the key of a master, under all of its addresses: the next one that the token vouches for is believed. */
export async function forgetMaster(connection: Connection, id: number): Promise<void> {
  await query(connection, `delete from masters where node = (select node from masters where id = :id)`, { id });
}
