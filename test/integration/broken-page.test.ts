import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createPageCache } from '@dossier/feed/page-cache.ts';
import { openDatabase, query } from '@dossier/postgres/database.ts';
import { readHead } from '@dossier/feed/heads.ts';
import { expect, it } from 'vitest';
import { createTestDatabase } from '../kit/database.ts';
import { canMountDisks, mountSmallDisk } from '../kit/small-disk.ts';

it.skipIf(!canMountDisks())(
  'keeps no connection when the disk is full in the middle of a page, and makes the page when there is room again',
  async () => {
    const disk = await mountSmallDisk(32);
    const { url, database, drop } = await createTestDatabase();
    await query(database, `insert into watch_lists (id, name) values (1, 'list')`);
    await query(
      database,
      `insert into dossiers (set_id, name, comment) select set_of(1), n::text, repeat('x', 2000) from generate_series(1, 5000) n`,
    );
    // One connection for the page and one for its lock.
    const pool = openDatabase(url, { applicationName: 'broken page', poolSize: 2 });
    try {
      const pages = createPageCache({ folder: join(disk.folder, 'pages'), database: pool });
      const head = await readHead(pool, 1);
      if (!head) throw new Error('the list has no head');
      await disk.fill(1_000_000);
      await expect(pages.read(head, 0)).rejects.toMatchObject({ code: 'ENOSPC' });
      const answers = Promise.all([query(pool, 'select pg_sleep(0.1)'), query(pool, 'select pg_sleep(0.1)')]);
      expect(await Promise.race([answers, delay(10_000, 'nothing')])).toHaveLength(2);
      await disk.clear();
      expect((await pages.read(head, 0))?.bytes).toBeGreaterThan(10_000_000);
    } finally {
      await Promise.race([pool.destroy(), delay(1000)]);
      await drop();
      await disk.remove();
    }
  },
);
