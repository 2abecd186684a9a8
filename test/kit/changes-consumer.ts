import { changesEndSchema, changesResetSchema } from '@dossier/protocol/changes.ts';
import type { ChangesEnd, ChangesReset } from '@dossier/protocol/changes.ts';
import { z } from 'zod';
import type { TestApi } from './api.ts';

/** What of a change a consumer needs. */
const changeSchema = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('put'), dossier: z.uuid(), name: z.string() }),
  z.looseObject({ kind: z.literal('tombstone'), dossier: z.uuid() }),
]);

/** A recognition engine as docs/api.md has it: holds what it read of a list, by nothing but `GET /dossier-lists/{id}/changes/`. */
export class ChangesConsumer {
  readonly #api: TestApi;
  readonly #path: string;
  readonly #limit: number;
  #cursor: string | null = null;
  #named: Set<string> | null = null;
  /** Names by the dossiers' uuids. */
  readonly held = new Map<string, string>();

  constructor(api: TestApi, list: number, limit = 1000) {
    this.#api = api;
    this.#path = `/dossier-lists/${list}/changes/`;
    this.#limit = limit;
  }

  /** What it holds, in the order of uuids. */
  get content(): [string, string][] {
    return [...this.held].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Where it would go on. */
  get cursor(): string {
    return this.#cursor ?? '';
  }

  /** Asks once and does what the answer says. */
  async ask(): Promise<ChangesEnd | ChangesReset> {
    const from = this.#cursor === null ? '' : `&cursor=${this.#cursor}`;
    const answer = await this.#api.call('GET', `${this.#path}?limit=${this.#limit}${from}`, { role: 'viewer' });
    if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
    const lines = answer.text
      .trimEnd()
      .split('\n')
      .map((line): { kind: string } => JSON.parse(line) as { kind: string });
    const last = lines.pop();
    if (last?.kind === 'reset') return this.#startOver(changesResetSchema.parse(last));
    const end = changesEndSchema.parse(last);
    if (end.snapshot !== null) this.#named ??= new Set();
    for (const line of lines) this.#take(changeSchema.parse(line));
    if (end.snapshot === 'complete') this.#keepNamed();
    this.#cursor = end.next;
    return end;
  }

  /** Asks until there is no more. Returns the last answer, and throws after too many. */
  async read(): Promise<ChangesEnd | ChangesReset> {
    for (let asked = 0; asked < 200; asked += 1) {
      const answer = await this.ask();
      if (answer.kind === 'reset' || !answer.more) return answer;
    }
    throw new Error('The list is not read to its end after 200 answers.');
  }

  #startOver(reset: ChangesReset): ChangesReset {
    this.#cursor = reset.next;
    this.#named = null;
    return reset;
  }

  #take(change: z.infer<typeof changeSchema>): void {
    if (change.kind === 'put') {
      this.held.set(change.dossier, change.name);
      this.#named?.add(change.dossier);
    } else {
      this.held.delete(change.dossier);
      this.#named?.delete(change.dossier);
    }
  }

  #keepNamed(): void {
    for (const dossier of this.held.keys()) if (this.#named?.has(dossier) !== true) this.held.delete(dossier);
    this.#named = null;
  }
}
