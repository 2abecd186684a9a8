import { useTranslation } from 'react-i18next';
import type { HoldReason } from '@dossier/domain/guards.ts';
import type { Problem } from '../api/problem.ts';
import type * as russianWords from './ru/node-words.ts';

/** A failure as the node tells of it. */
interface Fault {
  readonly code: string;
  readonly desc: string;
  readonly remedy: string;
}

/** The node's words in the language of the page. `original` is what the node itself said, where that is another language: it has the particulars. */
interface NodeWords {
  fault(fault: Fault): Fault & { readonly original: string | null };
  problem(problem: Problem): { readonly text: string; readonly original: string | null };
  /** What stands against a field of a form. */
  sentence(text: string): string;
  /** Why a row of a file is refused; with what the node said where that is all there is. */
  refusal(reason: string): string;
  reason(reason: { guard: HoldReason; sentence: string; count: number; limit: number }): string;
  allowed(key: string, text: string): string;
}

type Words = typeof russianWords;

/** The name of the bundle of the node's words; a language that has none shows what the node says. */
export const nodeWordsBundle = 'node-words';

/** How the page says what the node says in English. */
export function useNodeWords(): NodeWords {
  const { i18n } = useTranslation();
  const words = i18n.getResourceBundle(i18n.language, nodeWordsBundle) as Words | undefined;
  return words === undefined ? asItIs : translated(words, i18n.language);
}

const asItIs: NodeWords = {
  fault: (fault) => ({ ...fault, original: null }),
  problem: ({ message }) => ({ text: message, original: null }),
  sentence: (text) => text,
  refusal: (reason) => reason,
  reason: ({ sentence }) => sentence,
  allowed: (_key, text) => text,
};

function translated(words: Words, language: string): NodeWords {
  const number = (value: number): string => new Intl.NumberFormat(language).format(value);
  const known = (text: string): string | null => {
    const found = words.sentences.find(([pattern]) => pattern.test(text));
    return found ? text.replace(...found) : null;
  };
  return {
    fault(fault) {
      const own = words.syncFaults[fault.code];
      return own ? { ...fault, ...own, original: fault.desc } : { ...fault, original: null };
    },
    problem({ code, message }) {
      const sentence = known(message);
      if (sentence !== null) return { text: sentence, original: null };
      const own = words.problems[code];
      return own === undefined ? { text: message, original: null } : { text: own, original: message };
    },
    sentence: (text) => known(text) ?? text,
    refusal: words.refusal,
    reason: ({ guard, count, limit }) => words.holdReasons[guard].replace('{count}', number(count)).replace('{limit}', number(limit)),
    allowed: (key, text) => words.allowed[key] ?? text,
  };
}
