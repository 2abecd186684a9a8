import { Problem } from '../api/problem.ts';

/** What the node says against a field, for the field's error; undefined where it says nothing. */
export function fieldFault(error: unknown, field: string): string | undefined {
  return error instanceof Problem && error.param === field ? error.message : undefined;
}
