import type { Logger } from '@dossier/runtime/logger.ts';
import { queryOne } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';

/** Tells that something on this node was written, whoever wrote it: by the API, the command line, a sync or SQL by hand. */
export interface Writes {
  /** Calls `tell` after writes, at most once a second, until `end` says that no more will come. Returns how to stop. */
  follow(follower: Follower): () => void;
  close(): void;
}

export interface Follower {
  tell(): void;
  end(): void;
}

const lookEveryMs = 1000;

/** Whoever writes a row gives it the number of another transaction, which need not be greater: numbers begin anew after some billions. */
const rowsMark = (id: string): string => `concat(count(*), ':', sum(hashint8extended(xmin::text::bigint, ${id})))`;

/**
 * Another text whenever a list or its dossiers were written, or somebody did something that the audit keeps. Entries of the audit may become visible in
 * another order than that of their ids, so the newest ones are counted, too.
 */
const marks = `
  select concat_ws(' ',
    (select ${rowsMark('id')} from watch_lists),
    (select ${rowsMark('list_id')} from list_positions),
    (select concat(max(id), ':', count(*)) from audit where id > (select max(id) from audit) - 1000),
    (select concat(max(id), ':', count(*) filter (where settled_as is null)) from offline_deletions)) as mark`;

/** Looks at the database while somebody wants to know, and not otherwise. */
export function followWrites({ database, logger }: { database: Database; logger: Logger }): Writes {
  const followers = new Set<Follower>();
  let timer: NodeJS.Timeout | null = null;
  let known: string | null = null;
  let looking = false;
  let closed = false;
  const look = async (): Promise<void> => {
    try {
      const found = await queryOne<{ mark: string }>(database, marks);
      const mark = found?.mark ?? '';
      if (known !== null && known !== mark) for (const follower of followers) follower.tell();
      known = mark;
    } catch (error) {
      // What was written meanwhile is found by the next look.
      if (!closed) logger.warn({ err: error }, 'What was written could not be looked at; it is tried again.');
    }
    looking = followers.size > 0 && !closed;
    if (looking) timer = setTimeout(() => void look(), lookEveryMs);
    else known = null;
  };
  return {
    follow(follower) {
      followers.add(follower);
      if (!looking && !closed) {
        looking = true;
        void look();
      }
      return () => void followers.delete(follower);
    },
    close() {
      closed = true;
      for (const follower of followers) follower.end();
      followers.clear();
      if (timer !== null) clearTimeout(timer);
    },
  };
}
