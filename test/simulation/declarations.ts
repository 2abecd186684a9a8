import { declarationText } from '@dossier/protocol/declaration.ts';
import type { Random } from './random.ts';
import type { Seed } from './seed.ts';

/** Somebody declares other fields of a list of the master, and changes nothing else of it. */
export async function declareFields(seed: Seed, random: Random): Promise<void> {
  const { remote } = random.pick(seed.replicas);
  const declaration = declarationText({
    fields: Array.from({ length: random.below(3) }, (_, at) => ({
      name: `field ${at}`,
      label: {},
      type: random.pick(['text', 'number'] as const),
      required: false,
      shown_in_table: false,
    })),
    instruction: random.chance(0.5) ? { en: String(random.below(5)) } : {},
  });
  // By nobody's task: what others draw isn't shifted.
  await seed.world.master.admin.query(`update watch_lists set declaration = $2 where id = $1`, [remote, declaration]);
  await seed.step(`list ${remote} declares ${declaration}`);
}
