import { expect, it } from 'vitest';
import { answerRemedies } from './answer-refusal.ts';
import { answerRefused } from './sync-failure.ts';
import { withoutRun } from './run-sentences.ts';

const ofRuns = /keeps what it had|tries again|run's number/;

it('says nothing of runs to somebody who only asked', () => {
  const failure = answerRefused('HISTORY_LOST', 'its list began anew');
  expect(`${failure.message} ${failure.remedy}`).toMatch(ofRuns);
  expect(withoutRun(failure.message)).toBe("The master's answer is refused: its list began anew.");
  for (const remedy of Object.values(answerRemedies)) {
    expect(withoutRun(remedy)).not.toMatch(ofRuns);
    expect(withoutRun(remedy)).toMatch(/^[A-Z].*\.$/);
  }
});
