import { clockToleranceMs, durationInWords, judgeClock } from '@dossier/domain/clock.ts';
import type { ClockMemory, ClockReading } from '@dossier/domain/clock.ts';
import { query, queryOne, transaction } from './database.ts';
import type { Connection, Database } from './database.ts';

interface ClockRow {
  trusted_moment: Date;
  age_moment: Date;
  doubtful_since: Date | null;
  doubtful_until: Date | null;
  jump_ms: number | null;
  jump_moment: Date | null;
  wall: Date;
}

const columns = `trusted_moment, age_moment, doubtful_since, doubtful_until, jump_ms, jump_moment, now() as wall`;

/** A condition of SQL: the moment can't have been noted yet, so the clock was wrong when it was. */
export function liesAhead(moment: string): string {
  return `${moment} > now() + make_interval(secs => ${clockToleranceMs / 1000})`;
}

/**
 * Looks at the database's clock again and again, and remembers what of it can be trusted. `monotonicMs` counts the time that passes, whatever clocks
 * show. Each process has its own; they share what is remembered.
 */
export class ClockKeeper {
  readonly #database: Database;
  readonly #monotonicMs: () => number;
  #before: { memory: ClockMemory; at: number } | null = null;

  constructor(database: Database, monotonicMs: () => number) {
    this.#database = database;
    this.#monotonicMs = monotonicMs;
  }

  /**
   * Looks at the database's clock, and at this host's, which shows `now`. Returns by how many milliseconds one of them is wrong, 0 if both are
   * plausible.
   */
  async look(now: Date): Promise<number> {
    const at = this.#monotonicMs();
    const before = this.#before && { memory: this.#before.memory, ranMs: at - this.#before.at };
    const { memory, jump } = await transaction(this.#database, async (tx) => {
      await query(tx, `insert into clock (trusted_moment, age_moment) values (now(), now()) on conflict do nothing`);
      const row = await queryOne<ClockRow>(tx, `select ${columns} from clock for update`);
      if (!row) throw new Error('the row of the clock is gone');
      const apart = apartOf(row, now);
      const verdict = apart === 0 ? await judge(tx, row, before) : { memory: memoryOf(row), jump: apart };
      await save(tx, verdict);
      return verdict;
    });
    this.#before = { memory, at };
    return jump;
  }
}

/** By how much this host's clock differs from the database's; 0 if they agree. */
function apartOf(row: ClockRow, now: Date): number {
  const apart = now.getTime() - row.wall.getTime();
  return Math.abs(apart) > clockToleranceMs ? apart : 0;
}

async function judge(connection: Connection, row: ClockRow, before: ClockReading['before']): Promise<ReturnType<typeof judgeClock>> {
  const memory = memoryOf(row);
  const reading = { wall: row.wall.getTime(), before, contact: null };
  const verdict = judgeClock(memory, reading);
  if (verdict.jump === 0) return verdict;
  return judgeClock(memory, { ...reading, contact: await findContact(connection) });
}

function memoryOf(row: ClockRow): ClockMemory {
  const { doubtful_since: since, doubtful_until: until } = row;
  return {
    trusted: row.trusted_moment.getTime(),
    age: row.age_moment.getTime(),
    doubtful: since && until && { since: since.getTime(), until: until.getTime() },
  };
}

/** When a master or a slave last took part in a signed exchange, whose signatures hold only between clocks that agree. */
async function findContact(connection: Connection): Promise<number | null> {
  const row = await queryOne<{ contact: Date | null }>(
    connection,
    `select max(moment) as contact from (
       select last_success as moment from links union all select last_seen from followers) c where not (${liesAhead('moment')})`,
  );
  return row?.contact?.getTime() ?? null;
}

async function save(connection: Connection, { memory, jump }: ReturnType<typeof judgeClock>): Promise<void> {
  const moment = (ms: number | undefined): Date | null => (ms === undefined ? null : new Date(ms));
  await query(
    connection,
    `update clock set trusted_moment = :trusted, age_moment = :age, doubtful_since = :since, doubtful_until = :until,
       jump_ms = coalesce(:jump::bigint, jump_ms), jump_moment = case when :jump::bigint is null then jump_moment else :trusted end`,
    {
      trusted: moment(memory.trusted),
      age: moment(memory.age),
      since: moment(memory.doubtful?.since),
      until: moment(memory.doubtful?.until),
      jump: jump === 0 ? null : Math.round(jump),
    },
  );
}

/**
 * The moment from which everything that deletes files by age counts back; statements call `age_moment()`. Files bear the dates of this host, whose clock
 * shows `now`: the moment isn't after it. Null: nothing is to be deleted.
 */
export async function readAgeMoment(connection: Connection, now: Date): Promise<Date | null> {
  const row = await queryOne<{ moment: Date | null }>(
    connection,
    `select least(age_moment(), :now::timestamptz) as moment where age_moment() is not null`,
    {
      now,
    },
  );
  return row?.moment ?? null;
}

/** What is wrong with the clock, or was in the last week, as a sentence; `present` tells which. */
export interface ClockTrouble {
  present: boolean;
  sentence: string;
}

const rememberedDays = 7;

/** Judges the database's clock, and this process's by it, and changes nothing. Null: all is well. */
export async function findClockTrouble(connection: Connection, now: Date): Promise<ClockTrouble | null> {
  const row = await queryOne<ClockRow>(connection, `select ${columns} from clock`);
  if (!row) return null;
  const { jump } = await judge(connection, row, null);
  if (jump !== 0) return { present: true, sentence: presentSentence(row, jump) };
  const apart = apartOf(row, now);
  if (apart !== 0) {
    return { present: true, sentence: `This host's clock is ${relation(apart)} that of its database.` };
  }
  if (row.jump_ms === null || row.jump_moment === null) return null;
  if (row.wall.getTime() - row.jump_moment.getTime() > rememberedDays * 24 * 3_600_000) return null;
  return {
    present: false,
    sentence: `The clock jumped at ${row.jump_moment.toISOString()}: it was ${relation(row.jump_ms)} what was known. It is trusted again.`,
  };
}

function presentSentence(row: ClockRow, jump: number): string {
  const known = `The clock shows ${row.wall.toISOString()} and is ${relation(jump)} what this node can explain: it was last sure at ${row.trusted_moment.toISOString()}.`;
  return `${known} Nothing is deleted by age until the clock is right, agrees with another node's, or has gone on for a day.`;
}

function relation(milliseconds: number): string {
  return `${durationInWords(milliseconds)} ${milliseconds > 0 ? 'ahead of' : 'behind'}`;
}
