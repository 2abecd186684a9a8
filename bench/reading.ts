/** Begins the mark of a change that is meant to leave other rows of the same page as they were. */
export const partMark = 'part';

/** What the readers met between two questions. */
export interface Readings {
  pages: number;
  p50: number;
  p99: number;
  maximum: number;
  errors: number;
  /** Pages that held rows of two states of the list. */
  mixed: number;
}
