import * as fc from 'fast-check';
import { changesRoute } from '@dossier/api/routes/changes.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';
import { ChangesConsumer } from '../kit/changes-consumer.ts';
import { FollowedLists } from '../kit/followed-lists.ts';

let api: TestApi;
let lists: FollowedLists;
beforeAll(async () => {
  api = await startTestApi(({ test }) => Promise.resolve({ routes: [changesRoute(test)] }));
  lists = new FollowedLists(api.test.database);
});
afterAll(() => api.stop());

const consumers = 3;
const digit = fc.integer({ min: 0, max: 9 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('ask'), number: fc.integer({ min: 0, max: consumers - 1 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constantFrom('add', 'remove', 'rename'), number: digit }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('forget', 'backUp', 'restore', 'renew'), number: fc.constant(0) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** A list that steps are done to while consumers read it, each in pages of another length. */
class Course {
  readonly #list: number;
  readonly #consumers: readonly ChangesConsumer[];
  #isBackedUp = false;

  constructor(list: number) {
    this.#list = list;
    this.#consumers = Array.from({ length: consumers }, (_, index) => new ChangesConsumer(api, list, [1, 4, 1000][index]));
  }

  async do({ does, number }: Step): Promise<void> {
    switch (does) {
      case 'ask':
        return this.#ask(number);
      case 'add':
        return lists.add(this.#list, number, 'more');
      case 'remove':
        return lists.remove(this.#list, String(number));
      case 'rename':
        return lists.rename(this.#list, String(number), `renamed ${number}`);
      case 'forget':
        return lists.forgetTombstones(this.#list);
      case 'backUp':
        this.#isBackedUp = true;
        return lists.backUp();
      case 'restore':
        if (this.#isBackedUp) await lists.restore();
        return;
      default:
        await query(api.test.database, `update list_positions set epoch = gen_random_uuid() where list_id = :list`, { list: this.#list });
    }
  }

  /** Whoever is told that there is no more holds the list. */
  async #ask(number: number): Promise<void> {
    const consumer = this.#consumers[number];
    const answer = await consumer?.ask();
    if (answer?.kind !== 'end' || answer.more) return;
    expect(consumer?.content).toEqual(await lists.contentOf(this.#list));
  }

  /** Everybody gets to the end, by a reset at most. */
  async end(): Promise<void> {
    for (const [number, consumer] of this.#consumers.entries()) {
      if ((await consumer.read()).kind === 'reset') await consumer.read();
      await this.#ask(number);
    }
  }
}

it('whoever follows a list holds it at each end, whatever is edited, forgotten and restored meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50 }), async (steps) => {
      const course = new Course(await lists.make('List', 12));
      for (const each of steps) await course.do(each);
      await course.end();
    }),
    { numRuns: 60, seed: 14, endOnFailure: true },
  );
}, 120_000);
