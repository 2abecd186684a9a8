import { triesAgain, withItsNumber } from './run-sentences.ts';

/**
 * Why an answer that its master signed is not taken. Nothing of it was applied. Each is a defect of the master's software, or somebody who holds the
 * token lies. All are retried.
 *
 * - `ANSWER_UNEXPECTED`: its status answers nothing that was asked.
 * - `ANSWER_MALFORMED`: it is no JSON, or doesn't have the agreed form, or rows that can't be told apart.
 * - `ANSWER_OF_ANOTHER_LIST`: it speaks of another list, or of another history of it, than the one that was asked for.
 * - `ANSWER_NOT_ASKED_FOR`: it holds dossiers or hashes for which nobody asked.
 * - `PAGE_INCOMPLETE`: a page without its end line, or with more or less in it than that counts.
 * - `PAGE_OUT_OF_ORDER`: a page begins or ends elsewhere than it may.
 * - `FEED_ENDLESS`: pages that lead no further, or go on and on with nothing in them.
 * - `HISTORY_LOST`: the list began a new history again and again while it was read.
 * - `TREE_DIFFERS`: nodes of the digest's tree don't have the hashes or counts of what is below them.
 * - `DOSSIER_REPEATED`: one dossier twice in one answer.
 * - `DOSSIER_MALFORMED`: a dossier can't be stored: lengths, characters, dates, `meta`, photos.
 */
export type AnswerRefusal =
  | 'ANSWER_UNEXPECTED'
  | 'ANSWER_MALFORMED'
  | 'ANSWER_OF_ANOTHER_LIST'
  | 'ANSWER_NOT_ASKED_FOR'
  | 'PAGE_INCOMPLETE'
  | 'PAGE_OUT_OF_ORDER'
  | 'FEED_ENDLESS'
  | 'HISTORY_LOST'
  | 'TREE_DIFFERS'
  | 'DOSSIER_REPEATED'
  | 'DOSSIER_MALFORMED';

const reportDefect = `Compare the versions of both nodes; if they are equal, report it as a defect of the master${withItsNumber}.`;

/** What to do about each. */
export const answerRemedies: Record<AnswerRefusal, string> = {
  ANSWER_UNEXPECTED: reportDefect,
  ANSWER_MALFORMED: reportDefect,
  ANSWER_OF_ANOTHER_LIST: `Look whether the master was restored, or the list made anew, while it was read. ${triesAgain} Otherwise report it as a defect of the master.`,
  ANSWER_NOT_ASKED_FOR: reportDefect,
  PAGE_INCOMPLETE: reportDefect,
  PAGE_OUT_OF_ORDER:
    "Look for a program that changes revisions in the master's database by hand. Otherwise compare the versions of both nodes and report it as a defect of the master.",
  FEED_ENDLESS: reportDefect,
  HISTORY_LOST: `Wait until whoever restores the master, or makes this list anew there, is through. ${triesAgain}`,
  TREE_DIFFERS:
    'Verify the list on the master: SQL by hand or a failing disk may have changed rows behind the digest. Otherwise report it as a defect of the master.',
  DOSSIER_REPEATED: reportDefect,
  DOSSIER_MALFORMED:
    'Correct the dossier that the sentence names on the master. If it looks right there, compare the versions of both nodes and report it as a defect of the master.',
};

/** Whether this is the code of an answer that was refused for what is in it. */
export function isAnswerRefusal(code: string): code is AnswerRefusal {
  return Object.hasOwn(answerRemedies, code);
}
