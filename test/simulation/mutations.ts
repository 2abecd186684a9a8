import type { Client } from 'pg';
import type { ApplyRequest, ReplicaStore } from '@dossier/replication/ports.ts';
import type { Scheduler, Task } from './scheduler.ts';
import { rowsOf } from './site.ts';

/** A planted bug, which the campaign has to find: put in from outside, so that the product has no switch for it. */
export interface Mutation {
  description: string;
  /** Alters the master's database, once. */
  prepareMaster?: (master: Client) => Promise<void>;
  /** Alters the engine's view of the slave. */
  wrapStore?: (store: ReplicaStore, world: MutableWorld) => ReplicaStore;
  /** Alters the outcome of a worker's statement. */
  alter?: (statement: string, result: unknown, world: MutableWorld) => unknown;
}

/** What a mutation may know. */
export interface MutableWorld {
  scheduler: Scheduler;
  slave: Client;
  /** Called when the planted bug took effect, so that one that no longer fits the product is noticed. */
  strike(): void;
}

/** Revisions from a sequence, and counts and digests without the row lock that makes the next writer wait for the commit. */
const sequenceCursor = `
  create sequence plain;
  create table deltas (list_id bigint, revision bigint, count_change bigint, xor_high bigint, xor_low bigint);
  alter table list_positions rename to first_positions;
  create view list_positions as
    select p.list_id, p.epoch, greatest(p.revision, coalesce(max(d.revision), 0)) as revision, p.floor,
      (p.dossier_count + coalesce(sum(d.count_change), 0))::bigint as dossier_count,
      p.digest_high # coalesce(bit_xor(d.xor_high), 0) as digest_high, p.digest_low # coalesce(bit_xor(d.xor_low), 0) as digest_low, p.xmin
    from first_positions p left join deltas d on d.list_id = p.list_id
    group by p.list_id, p.epoch, p.revision, p.floor, p.dossier_count, p.digest_high, p.digest_low, p.xmin;
  create function keep_positions() returns trigger language plpgsql as $$
  begin
    if tg_op = 'INSERT' then
      insert into first_positions (list_id) values (new.list_id);
    elsif tg_op = 'UPDATE' then
      update first_positions set epoch = new.epoch, floor = new.floor where list_id = old.list_id;
    else
      delete from first_positions where list_id = old.list_id;
    end if;
    return coalesce(new, old);
  end $$;
  create trigger keep_positions instead of insert or update or delete on list_positions for each row execute function keep_positions();
  create or replace function draw_revisions(list bigint, block bigint, count_change bigint, xor_high bigint, xor_low bigint)
    returns bigint language plpgsql as $$
  declare last_drawn bigint;
  begin
    select max(nextval('plain')) into last_drawn from generate_series(1, block);
    insert into deltas values (list, last_drawn, count_change, xor_high, xor_low);
    return last_drawn - block + 1;
  end $$;`;

const targets = new WeakMap<Task, ApplyRequest['target']>();

/** The statement of the apply that recomputes the list's digest from its rows; others go with it in one exchange. */
const digestStatement = /as digest\s+from \(\s*select count\(\*\) as count, coalesce\(bit_xor\(hash_high\), 0\)[^;]* from memberships/;

type FencedArgument = { fence: number; listId?: number; slaveListId?: number };

export const mutations: Readonly<Record<string, Mutation>> = {
  'sequence-cursor': {
    description: 'revisions come from a sequence instead of in the order of the commits',
    prepareMaster: async (master) => {
      await master.query(sequenceCursor);
    },
  },
  'no-digest-check': {
    description: 'a run is applied without comparing the digest of the rows with the master’s',
    wrapStore: (store, { scheduler }) => ({
      ...store,
      apply: (request) => {
        const task = scheduler.tasks.getStore();
        if (task) targets.set(task, request.target);
        return store.apply(request);
      },
    }),
    alter: (statement, result, { scheduler, strike }) => {
      const task = scheduler.tasks.getStore();
      const target = task && targets.get(task);
      const at = statement.split(';\n').findIndex((one) => digestStatement.test(one));
      if (!target || at < 0) return result;
      strike();
      const answers = [result].flat() as object[];
      const forged = answers.with(at, { ...answers[at], rows: [{ count: target.count, digest: target.digest }] });
      return Array.isArray(result) ? forged : forged[0];
    },
  },
  'no-fence': {
    description: 'a worker whose run was taken by another one goes on as if it were its own',
    wrapStore: (store, { slave, scheduler, strike }) => {
      const fenceless = async (argument: FencedArgument): Promise<FencedArgument> => {
        const rows = await scheduler.execute(() =>
          rowsOf<{ fence: number }>(slave, `select fence::int from links where slave_list_id = $1`, [
            argument.listId ?? argument.slaveListId,
          ]),
        );
        const fence = rows[0]?.fence ?? argument.fence;
        if (fence !== argument.fence) strike();
        return { ...argument, fence };
      };
      return new Proxy(store, {
        get: (target, name) => {
          const method: unknown = Reflect.get(target, name);
          if (typeof method !== 'function') return method;
          return async (first: unknown, ...rest: unknown[]): Promise<unknown> => {
            const isFenced = typeof first === 'object' && first !== null && 'fence' in first;
            return method(isFenced ? await fenceless(first as FencedArgument) : first, ...rest) as unknown;
          };
        },
      });
    },
  },
};
