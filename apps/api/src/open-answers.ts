import type { Request, Response } from 'express';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { identityOf } from './session.ts';

const retryAfterSeconds = 5;

/** Answers of one kind that stay open, bounded for each user and for all together; administrators get in when all others have filled the node. */
export class OpenAnswers {
  readonly #what: string;
  readonly #perUser: number;
  readonly #together: number;
  readonly #open = new Map<number, number>();

  constructor(what: string, { perUser, together }: { perUser: number; together: number }) {
    this.#what = what;
    this.#perUser = perUser;
    this.#together = together;
  }

  /** Counts an answer until it is closed. TOO_MANY_REQUESTS where its user has as many as one may have, UNAVAILABLE where all together have. */
  enter(request: Request, response: Response): void {
    const { user } = identityOf(request);
    const own = this.#open.get(user.id) ?? 0;
    if (own >= this.#perUser) {
      response.set('Retry-After', String(retryAfterSeconds));
      throw new ApplicationError('TOO_MANY_REQUESTS', `${user.name} has ${own} ${this.#what} open already; no user has more at once.`);
    }
    const all = [...this.#open.values()].reduce((sum, count) => sum + count, 0);
    if (all >= this.#together && user.role !== 'admin') {
      throw new ApplicationError('UNAVAILABLE', `${all} ${this.#what} are open on this node already, and it takes no more at once.`);
    }
    this.#open.set(user.id, own + 1);
    response.once('close', () => this.#leave(user.id));
  }

  #leave(user: number): void {
    const left = (this.#open.get(user) ?? 1) - 1;
    if (left === 0) this.#open.delete(user);
    else this.#open.set(user, left);
  }
}
