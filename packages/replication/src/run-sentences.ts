/** What failures say of the run that they end. */
export const nothingChanged = 'Nothing was changed: the watch list keeps what it had.';
export const triesAgain = 'This node tries again by itself.';
export const withItsNumber = ", with this run's number";

/** The remedy of a failure after which no further attempt follows before the next scheduled sync. */
export function withoutPromise(remedy: string): string {
  return remedy.replaceAll(` ${triesAgain}`, '');
}

/** A failure's message or remedy for somebody who only asked a master something: there is no run, and no list that could have been changed. */
export function withoutRun(sentences: string): string {
  return [` ${nothingChanged}`, ` ${triesAgain}`, withItsNumber].reduce((rest, ofRuns) => rest.replaceAll(ofRuns, ''), sentences);
}
