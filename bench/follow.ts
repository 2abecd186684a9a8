import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { BenchNode } from './workshop.ts';

/** How a run of a slave ended, and when. */
export interface FollowedRun {
  readonly id: number;
  readonly state: string;
  readonly method: string | null;
  /** From the moment the caller asked until the end of the run was committed. */
  readonly totalMs: number;
  /** From the start of the job until the end of the run was committed. */
  readonly jobMs: number;
  readonly bytes: number;
  readonly pages: number;
  /** Milliseconds in each state that was seen, in their order. */
  readonly phases: Readonly<Record<string, number>>;
}

const unheardMs = 500;

/** Hears from a slave's database when runs of its links change, at the commit and without asking again and again. */
export class RunFollower implements AsyncDisposable {
  readonly #client: Client;
  #heard: () => void = () => undefined;

  private constructor(client: Client) {
    this.#client = client;
  }

  static async open(slave: BenchNode): Promise<RunFollower> {
    const client = new Client({ connectionString: slave.databaseUrl });
    client.on('error', () => undefined);
    await client.connect();
    const follower = new RunFollower(client);
    client.on('notification', () => follower.#heard());
    await client.query('listen dossier_sync');
    return follower;
  }

  /** Asks for something that makes a run of the list, and follows that run to its end. Throws if it doesn't end well. */
  async follow(list: number, ask: () => Promise<unknown>, timeoutMs = 180_000): Promise<FollowedRun> {
    const { rows } = await this.#client.query<{ last: string }>('select coalesce(max(id), 0) as last from runs where slave_list_id = $1', [
      list,
    ]);
    const begun = now();
    let failure: unknown = null;
    const asking = ask().catch((error: unknown) => (failure = error));
    const phases: Record<string, number> = {};
    let state = 'none';
    let enteredAt = begun;
    for (;;) {
      const heard = new Promise<void>((resolve) => (this.#heard = resolve));
      const seen = now();
      const run = await this.#readRun(list, rows[0]?.last ?? '0');
      if (run && run.state !== state) {
        phases[state] = (phases[state] ?? 0) + seen - enteredAt;
        state = run.state;
        enteredAt = seen;
      }
      if (run?.isFinished) {
        await asking;
        if (!['synced', 'unchanged'].includes(run.state))
          throw new Error(`run ${run.id} of list ${list} ended as ${run.state}: ${run.error}`);
        return { ...run, totalMs: seen - begun, jobMs: seen - run.startedMs, phases };
      }
      if (failure !== null) throw failure;
      if (now() - begun > timeoutMs)
        throw new Error(`the run of list ${list} has not ended within ${timeoutMs} ms: ${run?.state ?? 'none'}`);
      await Promise.race([heard, delay(unheardMs)]);
    }
  }

  /** The first run of the list after another. */
  async #readRun(list: number, after: string) {
    const { rows } = await this.#client.query<Record<string, string | null>>(
      `select id, state, method, bytes, pages, extract(epoch from started_date) * 1000 as started, error ->> 'desc' as error,
         (finished_date is not null)::int as finished
       from runs where slave_list_id = $1 and id > $2 order by id limit 1`,
      [list, after],
    );
    const row = rows[0];
    if (!row) return null;
    return {
      id: Number(row['id']),
      state: row['state'] ?? '',
      method: row['method'] ?? null,
      bytes: Number(row['bytes']),
      pages: Number(row['pages']),
      startedMs: Number(row['started']),
      isFinished: Number(row['finished']) === 1,
      error: row['error'] ?? null,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
  }
}

/** Milliseconds since 1970 with their fractions. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
