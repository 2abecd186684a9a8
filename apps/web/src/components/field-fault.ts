import { Problem } from '../api/problem.ts';
import { useNodeWords } from '../i18n/node-words.ts';

/** What the node says against a field, for the field's error; undefined where it says nothing. */
export function useFieldFault(error: unknown): (field: string) => string | undefined {
  const words = useNodeWords();
  return (field) => (error instanceof Problem && error.param === field ? words.sentence(error.message) : undefined);
}
