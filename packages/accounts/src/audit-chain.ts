import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** How long the audit's chain is, and the hash that binds all of it; 64 hexadecimal digits. */
export interface AuditHead {
  entries: number;
  hash: string;
}

/** Where the audit's chain ends now. */
export async function readAuditHead(connection: Connection): Promise<AuditHead> {
  const head = await queryOne<AuditHead>(connection, `select entries, encode(hash, 'hex') as hash from audit_head`);
  return head ?? { entries: 0, hash: '' };
}

/**
 * Something of the audit that isn't as it was written. `altered`: an entry has another content; `missing`: one is gone before its time; `unsealed`: one
 * is there that the chain doesn't have; `values`: what became of a thing, from what to what, is other than it was written, or gone without an entry that tells of its erasure; `broken`: the chain itself doesn't go on from one to the next; `head`: it doesn't end where its head says, or
 * lacks a head that was told earlier.
 */
export interface AuditFault {
  kind: 'altered' | 'missing' | 'unsealed' | 'values' | 'broken' | 'head';
  /** Its number in the chain; null for one that isn't in it. */
  entry: number | null;
  date: Date | null;
  /** For the operator. */
  sentence: string;
}

const sentences: Record<Exclude<AuditFault['kind'], 'head'>, (entry: number) => string> = {
  altered: (entry) => `Entry ${entry} has another content than it was written with.`,
  missing: (entry) => `Entry ${entry} is gone, and not because its time was over.`,
  values: (entry) =>
    `What entry ${entry} says was changed, from what to what, is other than it was written, or gone without an erasure that is told of.`,
  unsealed: (entry) => `The entry with the id ${entry} was put in without being written to the chain.`,
  broken: (entry) => `The chain is broken at entry ${entry}: it doesn't follow from the one before.`,
};

const mostFaults = 100;

/** Entries that are gone although their time isn't over, or aren't what was written, in one pass over chain and audit. */
const faults = `
  with erased as (
    select e::bigint as audit_id from audit, jsonb_array_elements_text(details -> 'entries') e where action = 'history-erased'
  ),
  links as (
    select c.entry, c.audit_id, c.date, c.content, c.hash, lag(c.hash, 1, '\\x'::bytea) over w as before,
      c.entry = coalesce(lag(c.entry) over w, 0) + 1 as follows
    from audit_chain c window w as (order by c.entry)
  ),
  found as (
    select l.entry, l.date, case
      when not l.follows or l.hash <> audit_link(l.before, l.date, l.content) then 'broken'
      when a.id is null and coalesce(l.date >= age_moment() - audit_retention() - interval '1 minute', true) then 'missing'
      when a.id is not null and audit_content(a) <> l.content then 'altered'
      when a.values_hash is not null and audit_values_hash(h.salt, h.before, h.after) is distinct from a.values_hash
        and (h.id is not null or a.id not in (select audit_id from erased)) then 'values' end as kind
    from links l left join audit a on a.id = l.audit_id left join history h on h.audit_id = a.id and h.salt is not null
  )
  select kind, entry, date from found where kind is not null
  union all
  select 'unsealed', a.id, a.date from audit a where not exists (select from audit_chain c where c.audit_id = a.id)
  order by 2 limit ${mostFaults}`;

export interface AuditVerdict {
  head: AuditHead;
  /** At most 100; none: the audit is whole. */
  faults: AuditFault[];
}

/**
 * Recomputes the chain of the audit from its entries. `told` is a head that a webhook was told or a person wrote down earlier: then the chain has to hold
 * it, and nobody can have cut the chain off and gone on from before.
 */
export async function verifyAudit(connection: Connection, told: AuditHead | null): Promise<AuditVerdict> {
  const head = await readAuditHead(connection);
  const rows = await query<{ kind: keyof typeof sentences; entry: number; date: Date }>(connection, faults);
  const found: AuditFault[] = rows.map(({ kind, entry, date }) => ({
    kind,
    entry: kind === 'unsealed' ? null : entry,
    date,
    sentence: sentences[kind](entry),
  }));
  if (!(await holds(connection, head))) {
    found.push({
      kind: 'head',
      entry: head.entries,
      date: null,
      sentence: `The chain doesn't end at entry ${head.entries}, where its head says.`,
    });
  }
  if (told && !(await holds(connection, told))) {
    found.push({
      kind: 'head',
      entry: told.entries,
      date: null,
      sentence: `The chain doesn't have the head that was told: ${told.entries} entries with the hash ${told.hash}. Entries were taken out or written anew since.`,
    });
  }
  return { head, faults: found };
}

async function holds(connection: Connection, { entries, hash }: AuditHead): Promise<boolean> {
  const row = await queryOne<{ held: boolean }>(
    connection,
    `select case when :entries::bigint = 0 then :hash::text = '' else exists (select from audit_chain where entry = :entries and encode(hash, 'hex') = :hash) end as held`,
    { entries, hash },
  );
  return row?.held === true;
}
