import { query } from '@dossier/postgres/database.ts';
import { isFailure } from '@dossier/domain/failure.ts';
import { correctLink } from '@dossier/replication/link-corrections.ts';
import { finishUnlink, startUnlink } from '@dossier/replication/links.ts';
import { sweepSets } from '@dossier/replication/upkeep.ts';
import { Random } from './random.ts';
import { knownTo, RightsWorld, shownIn } from './rights-world.ts';
import type { Copy, Site } from './rights-world.ts';
import { causes, require } from './violation.ts';

/** How a seed of the campaign of rights ended; `violation` null: nothing was found. */
export interface RightsOutcome {
  seed: number;
  violation: string | null;
  trace: readonly string[];
}

/** Carries out one seed: a master, its sites and a gate behind one of them, with enrolments, grants, revocations, edits and syncs drawn at random. */
export async function runRightsSeed(clusterUrl: string, seed: number): Promise<RightsOutcome> {
  const random = new Random(`rights ${seed}`);
  const world = await RightsWorld.open(clusterUrl, { approval: random.pick(['none', 'none', 'required']) });
  const course = new RightsCourse(world, random);
  let violation: string | null = null;
  try {
    await course.run();
  } catch (error) {
    violation = error instanceof Error && error.name === 'Violation' ? error.message : causes(error);
  } finally {
    await world.close();
  }
  return { seed, violation, trace: course.trace };
}

class RightsCourse {
  readonly #world: RightsWorld;
  readonly #random: Random;
  readonly trace: string[] = [];

  constructor(world: RightsWorld, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  async run(): Promise<void> {
    const random = this.#random;
    for (const site of this.#world.sites) if (random.chance(0.3)) await this.#enrol(site);
    await this.#world.settle();
    const actions = random.between(20, 50);
    for (let action = 0; action < actions; action += 1) {
      const act = random.weighted([
        [5, () => this.#edit()],
        [7, () => this.#sync()],
        [3, () => this.#syncMeanwhile()],
        [4, () => this.#grant()],
        [1, () => this.#accept()],
        [0.4, () => this.#revoke()],
        [0.7, () => this.#forget()],
        [0.7, () => this.#unlink()],
        [0.7, () => this.#lead()],
        [0.7, () => this.#sweep()],
      ] as const);
      await act();
      await this.#world.settle();
      await this.#check();
    }
    await this.#rest();
  }

  #pick(): { site: Site; copy: Copy } {
    const site = this.#random.pick(this.#world.sites);
    return { site, copy: this.#random.pick(site.copies) };
  }

  #note(text: string): void {
    this.trace.push(text);
  }

  #lists(site: Site): number[] | null {
    if (this.#random.chance(0.25)) return null;
    return site.copies.map(({ remote }) => remote).filter(() => this.#random.chance(0.5));
  }

  async #enrol(site: Site): Promise<void> {
    const lists = this.#lists(site);
    await this.#world.enrolByKey(site, lists);
    this.#note(`${site.name} is entered by its key, for ${JSON.stringify(lists)}`);
  }

  async #edit(): Promise<void> {
    const list = this.#random.pick([...this.#world.lists.keys()]);
    this.#note(await this.#world.edit(list, this.#random.pick(['add', 'add', 'rename', 'remove']), (uuids) => this.#random.pick(uuids)));
  }

  async #sync(): Promise<void> {
    const { site, copy } = this.#pick();
    await this.#syncOne(site, copy);
  }

  /** Returns the code of its failure; null: the list is what it is above, or waits for a person. */
  async #syncOne(site: Site, copy: Copy, signal?: AbortSignal): Promise<string | null> {
    const { node } = site;
    try {
      const run = copy.linked ? await node.sync(copy.local, signal && { signal }) : await this.#link(site, copy);
      this.#note(`${site.name} syncs ${copy.remote}: ${run.state}`);
      copy.synced ||= run.state === 'synced';
      if (run.state !== 'held') await this.#requireShownAbove(site, copy);
      return null;
    } catch (error) {
      if (signal?.aborted) return 'ABORTED';
      require(11, isFailure(error) && error.code !== 'INTERNAL', () => `a sync failed with ${causes(error)}`);
      this.#note(`${site.name} syncs ${copy.remote}: ${error.code}`);
      if (error.code === 'LIST_WITHDRAWN' && copy.synced) await this.#requireEmpty(site, copy);
      return error.code;
    } finally {
      await query(node.database, `update runs set state = 'cancelled', finished_date = now() where finished_date is null and attempt > 0`);
    }
  }

  async #link(site: Site, copy: Copy) {
    copy.linked = true;
    return site.node.link(site.above, copy.remote, copy.local);
  }

  /** What was withdrawn isn't shown, and neither is it by those who ask for it afterwards. */
  async #requireEmpty(site: Site, copy: Copy): Promise<void> {
    const shown = await shownIn(site.node, copy.local);
    require(23, shown.length === 0, () => `${site.name} was told that list ${copy.remote} is withdrawn, and shows ${shown.join(', ')}`);
  }

  /** Nobody is equal to a list that is withdrawn itself. */
  async #requireShownAbove(site: Site, copy: Copy): Promise<void> {
    const [above] = await query<{ withdrawn: boolean }>(site.above.database, `select is_withdrawn(:remote) as withdrawn`, {
      remote: copy.remote,
    });
    require(23, above?.withdrawn === false, () =>
      `${site.name} is synced with list ${copy.remote}, which is withdrawn from its own master`);
  }

  /** Things happen while a sync is under way; it may be broken off. */
  async #syncMeanwhile(): Promise<void> {
    const { site, copy } = this.#pick();
    const abort = new AbortController();
    const running = this.#syncOne(site, copy, abort.signal);
    const deeds = this.#random.between(1, 4);
    for (let deed = 0; deed < deeds; deed += 1) {
      if (this.#random.chance(0.5)) await this.#edit();
      else await this.#grant();
      await this.#world.settle();
    }
    if (this.#random.chance(0.3)) abort.abort(new Error('the worker shuts down'));
    await running;
  }

  async #grant(): Promise<void> {
    const { site } = this.#pick();
    const entry = await this.#world.entryOf(site);
    if (!entry || entry.state === 'revoked') return;
    const lists = this.#lists(site);
    const purge = this.#random.chance(0.3);
    await this.#world.grant(site, entry.id, lists, purge);
    this.#note(`${site.name} may read ${JSON.stringify(lists)}${purge ? ', purging' : ''}`);
  }

  async #accept(): Promise<void> {
    const { site } = this.#pick();
    const entry = await this.#world.entryOf(site);
    if (entry?.state !== 'pending') return;
    await this.#world.accept(site, entry.id);
    this.#note(`${site.name} is accepted`);
  }

  async #revoke(): Promise<void> {
    const { site } = this.#pick();
    const entry = await this.#world.entryOf(site);
    if (!entry || entry.state === 'revoked') return;
    await this.#world.revoke(site, entry.id);
    this.#note(`${site.name} is revoked`);
  }

  /** The node above remembers neither who was there nor what it took away. */
  async #forget(): Promise<void> {
    const { site } = this.#pick();
    await query(site.above.database, `delete from followers`);
    await query(site.above.database, `delete from withdrawals`);
    this.#note(`${site.name}'s master forgets who was there`);
  }

  async #unlink(): Promise<void> {
    const { site, copy } = this.#pick();
    if (!copy.linked || site.name === 'gate') return;
    await startUnlink(site.node.database, copy.local, false);
    await finishUnlink(site.node.database, copy.local);
    copy.linked = false;
    copy.synced = false;
    this.#note(`${site.name} cancels ${copy.remote}`);
  }

  /** A link leads to where nobody is, and back. */
  async #lead(): Promise<void> {
    const { site, copy } = this.#pick();
    if (!copy.linked) return;
    for (const remoteUrl of ['http://127.0.0.1:9', site.above.feedUrl]) {
      await correctLink(site.node.database, { slaveListId: copy.local, remoteUrl, by: null });
      if (remoteUrl !== site.above.feedUrl) await this.#syncOne(site, copy);
      await this.#check();
    }
  }

  async #sweep(): Promise<void> {
    const { site } = this.#pick();
    await sweepSets(site.node.database, { minutes: 0 });
    this.#note(`${site.name} sweeps`);
  }

  /** Nobody knows, anywhere, what it wasn't granted when it was there. */
  async #check(): Promise<void> {
    for (const site of this.#world.sites) {
      const allowed = new Set(site.copies.flatMap((copy) => [...copy.allowed]));
      const strange = [...(await knownTo(site.node))].filter((name) => !allowed.has(name));
      require(22, strange.length === 0, () => `${site.name} knows ${strange.join(', ')}, which it was not granted`);
      for (const copy of site.copies) {
        const wrong = (await shownIn(site.node, copy.local)).filter((name) => !copy.allowed.has(name));
        require(22, wrong.length === 0, () => `${site.name} shows ${wrong.join(', ')} in its copy of ${copy.remote}`);
      }
    }
  }

  /** What is taken away is gone within a sync, from the master outwards; what is granted is there, and equal. */
  async #rest(): Promise<void> {
    for (const site of this.#world.sites) {
      for (const copy of site.copies) {
        const code = await this.#settleCopy(site, copy);
        if (site.revoked) continue;
        const shown = await shownIn(site.node, copy.local);
        const isGranted = site.rights !== undefined && (site.rights === null || site.rights.includes(copy.remote));
        if (isGranted && code === null) {
          const above =
            site.via === null
              ? [...(this.#world.lists.get(copy.remote)?.values() ?? [])].toSorted()
              : await shownIn(site.above, copy.remote);
          require(15, shown.join() === above.join(), () =>
            `${site.name} holds ${shown.join()} of ${copy.remote}, and its master ${above.join()}`);
        }
        const isTaken = site.rights !== undefined && site.rights !== null && !site.rights.includes(copy.remote);
        require(23, !isTaken || !copy.synced || shown.length === 0, () =>
          `${site.name} may not read ${copy.remote} any more, its last sync ended with ${code}, and it shows ${shown.join()}`);
        await this.#world.settle();
      }
    }
    await this.#check();
  }

  /** A hold of a person's is decided: it is no matter of rights. */
  async #settleCopy(site: Site, copy: Copy): Promise<string | null> {
    await query(
      site.node.database,
      `update links set guards = '{"emptied":false,"deletions":null,"changes":null,"deactivations":null,"growth":null,"weekly":null}'`,
    );
    const code = await this.#syncOne(site, copy);
    await this.#world.settle();
    if (code !== null) return code;
    const [held] = await query<{ state: string }>(site.node.database, `select state from links where slave_list_id = :local`, {
      local: copy.local,
    });
    return held?.state === 'held' ? 'HELD' : null;
  }
}
