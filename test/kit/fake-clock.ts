import { globSync } from 'node:fs';
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A clock for processes of their own, which can be set while they run: libfaketime, of the Debian package `faketime`. The time that passes stays true. */
export class FakeClock {
  readonly environment: Record<string, string>;
  readonly #folder: string;

  private constructor(folder: string, library: string) {
    this.#folder = folder;
    this.environment = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: join(folder, 'clock'),
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      // Files keep their dates, as after a clock that was put right.
      NO_FAKE_STAT: '1',
    };
  }

  static async create(): Promise<FakeClock> {
    const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
    if (library === undefined) throw new Error('libfaketime is not here: apt-get install faketime');
    const clock = new FakeClock(await mkdtemp(join(tmpdir(), 'dossier-clock-')), library);
    // PostgreSQL runs as another user.
    await chmod(clock.#folder, 0o755);
    await clock.set(0);
    return clock;
  }

  /** Lets the clock be ahead by so many days, or behind if negative. */
  async set(days: number): Promise<void> {
    const next = join(this.#folder, 'next');
    await writeFile(next, `${days < 0 ? '' : '+'}${days * 86_400}s\n`);
    await rename(next, join(this.#folder, 'clock'));
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
