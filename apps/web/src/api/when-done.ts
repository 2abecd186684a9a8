/**
 * Calls `then` once a change was made, also if what asked for it is gone from the page by then: a live event may take it away before the answer
 * is here, and what is given to `mutate` itself would never be called. Failures are the mutation's to show.
 */
export function whenDone<Result>(change: Promise<Result>, then: (result: Result) => void): void {
  change.then(then, () => undefined);
}
