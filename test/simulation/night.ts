import { pruneTombstones } from '@dossier/replication/upkeep.ts';
import { pruneAudit } from '@dossier/accounts/audit.ts';
import { rowsOf } from './site.ts';
import type { Seed } from './seed.ts';
import { require } from './violation.ts';

const hour = 60 * 60 * 1000;
const day = 24 * hour;
const tombstoneDays = 90;

/** Clocks jump, run on for a moment and are put right: the node must not stand still, nor forget more than the time that has passed allows. */
export class Night {
  readonly #seed: Seed;
  readonly #drain: () => Promise<void>;

  constructor(seed: Seed, drain: () => Promise<void>) {
    this.#seed = seed;
    this.#drain = drain;
  }

  /** Lets a clock jump, and waits for a night: each linked list is synced in it, by itself. */
  async pass(): Promise<void> {
    await this.#record();
    await this.#sweep();
    const before = await this.#kept();
    await this.#jump();
    const after = await this.#kept();
    const isKept = after.every((count, kind) => count >= (before[kind] ?? 0));
    require(19, isKept, () => `a clock that jumped made nodes forget: they kept ${before.join()}, and then ${after.join()}`);
    const last = await this.#lastRun();
    for (let passed = 0; passed <= 25; passed += 5) {
      await this.#seed.clocks.advance(5 * hour);
      await this.#sweep();
    }
    await this.#checkNight(last);
  }

  /** For half a minute clocks show another time. */
  async #jump(): Promise<void> {
    const { random } = this.#seed;
    const jumping = random.pick([['slave'], ['master'], ['master', 'slave']] as const);
    const offsets = jumping.map((node) => [node, random.pick([200 * day, 1095 * day, 3 * day, 5 * hour, -40 * day, -day])]);
    await this.#seed.clocks.set(Object.fromEntries(offsets));
    await this.#seed.step(`clocks jump: ${JSON.stringify(offsets)}`);
    for (let look = 0; look < 3; look += 1) {
      await this.#sweep();
      await this.#seed.clocks.advance(10_000);
    }
    await this.#seed.clocks.set({ master: 0, slave: 0 });
    await this.#sweep();
  }

  /** The slave's jobs, and those of the master that forget. */
  async #sweep(): Promise<void> {
    const { world, writer } = this.#seed;
    this.#seed.leave('sweep', {});
    this.#seed.leave('prune', {});
    await this.#drain();
    const task = this.#seed.makeTask('prune', { perfect: true });
    world.scheduler.start(task, async () => {
      await pruneTombstones(writer.database, tombstoneDays);
      await pruneAudit(writer.database);
    });
    await this.#seed.step('the master forgets what is past its time');
  }

  /** Leaves on both nodes an entry of the audit that is young, and one that has a month to go. */
  async #record(): Promise<void> {
    for (const { admin } of this.#nodes())
      await rowsOf(
        admin,
        `insert into audit (date, actor, via, action, object_kind)
         select now() - age, 'somebody', 'cli', 'sign-in', 'session' from unnest(array['1 day', '700 days']::interval[]) age`,
      );
  }

  /** How much both nodes hold of each kind of things that they forget when its time is over. */
  async #kept(): Promise<number[]> {
    const counts = await Promise.all(
      this.#nodes().map(async ({ admin }) =>
        rowsOf<{ count: string }>(
          admin,
          `select count(*) from audit union all select count(*) from followers
           union all select count(*) from tombstones t join list_positions p on p.set_id = t.set_id`,
        ),
      ),
    );
    return counts.flat().map(({ count }) => Number(count));
  }

  async #lastRun(): Promise<number> {
    const [row] = await rowsOf<{ last: string | null }>(this.#seed.world.slave.admin, 'select max(id) as last from runs');
    return Number(row?.last ?? 0);
  }

  async #checkNight(last: number): Promise<void> {
    const left = await rowsOf<{ list: string }>(
      this.#seed.world.slave.admin,
      `select slave_list_id as list from links k where state <> 'unlinking' and remote_list is not null and not exists (
         select from runs r where r.slave_list_id = k.slave_list_id and r.id > $1 and r.reason = 'schedule' and r.state in ('unchanged', 'synced'))`,
      [last],
    );
    require(19, left.length === 0, () =>
      `after a clock jumped and was put right, no night came for lists ${left.map(({ list }) => list).join(', ')}`);
    const [ahead] = await rowsOf(
      this.#seed.world.slave.admin,
      `select from links where last_scheduled_date > now()::date or next_run > now() + interval '2 days' or verified_at > now()`,
    );
    require(19, ahead === undefined, () => 'a link stands in the future');
  }

  #nodes(): Seed['world']['master'][] {
    const { master, slave } = this.#seed.world;
    return [master, slave];
  }
}
