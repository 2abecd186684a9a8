import { renewForkedEpoch } from '@dossier/feed/epochs.ts';
import { pruneTombstones } from '@dossier/replication/upkeep.ts';
import { spoilRow } from './row-statements.ts';
import type { Seed } from './seed.ts';
import { restoreBackup, takeBackup } from './snapshot.ts';

/* What happens to the master beside edits. */

/** The master goes back to a backup, or makes one. */
export async function restoreMaster(seed: Seed): Promise<void> {
  const { master, world, consumers, upheavals } = seed;
  if (!seed.backup) {
    seed.backup = { backup: await takeBackup(world.master.admin), lists: new Map(master.lists) };
    return seed.step('backup of the master');
  }
  upheavals.add('restore');
  await seed.stopEditors();
  const { backup, lists } = seed.backup;
  seed.backup = null;
  await restoreBackup(world.master.admin, backup);
  for (const consumer of consumers) consumer.startOver();
  await master.follow([(model) => void (model.lists = lists)], { silent: true });
  await seed.step('the master is restored');
}

export async function renewEpoch(seed: Seed): Promise<void> {
  const { random, replicas, master, writer, world } = seed;
  const { remote } = random.pick(replicas);
  seed.upheavals.add('epoch');
  const task = seed.makeTask('renew', { perfect: true });
  const { epoch, revision, digest, rows } = master.history.current(remote);
  // A slave says that it was further.
  const known = { epoch, revision: revision + 1, digest, count: rows.size };
  world.scheduler.start(task, async () => {
    await renewForkedEpoch(writer.database, remote, { known, site: null, now: world.clock.at('master') });
  });
  await seed.step(`list ${remote} gets a new epoch`);
}

export async function pruneMaster(seed: Seed): Promise<void> {
  const { writer, world } = seed;
  seed.upheavals.add('prune');
  const task = seed.makeTask('prune', { perfect: true });
  const days = seed.random.pick([0, 1]);
  world.scheduler.start(task, () => pruneTombstones(writer.database, days));
  await seed.step('tombstones are pruned');
}

/** Bytes of the master's database change past everything, or somebody writes such rows anew. */
export async function spoilOrMend(seed: Seed): Promise<void> {
  const { random, master, editor, world, replicas } = seed;
  const { remote } = random.pick(replicas);
  const mend = editor.mend(remote);
  if (mend) {
    await seed.edit([mend]);
    return seed.step(mend.label);
  }
  const whole = [...(master.lists.get(remote)?.values() ?? [])].filter(({ uuid }) => !editor.isReserved(remote, uuid));
  if (whole.length === 0) return;
  seed.upheavals.add('spoil');
  const original = random.pick(whole);
  const { uuid } = original;
  const comment = `spoilt ${random.below(1e6)}`;
  await spoilRow(world.master.admin, remote, { uuid, comment });
  await master.follow([(model) => model.change(remote, (rows) => rows.set(uuid, { ...original, comment, original }))], { silent: true });
  await seed.step(`${uuid.slice(0, 8)} in ${remote} is spoilt`);
}

export async function losePhoto(seed: Seed): Promise<void> {
  const { random, composer, world } = seed;
  const photos = [...composer.photoBytes.keys()];
  if (photos.length === 0) return;
  await world.masterPhotos.remove(random.pick(photos));
  await seed.step('the master loses a photo');
}
