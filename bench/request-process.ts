/**
 * Sends requests at a fixed rate, whether or not the ones before were answered, and measures each from the moment at which it was due. `warm` sends as many
 * of the last body and measures nothing: a node that has just been started compiles its code in the first second.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { answerParent } from './bench-process.ts';
import { quantile } from './statistics.ts';

const [url = '', token = '', bodies = '[]', rate = '200', seconds = '5'] = process.argv.slice(2);

export interface RequestTimes {
  requests: number;
  p50: number;
  p99: number;
  maximum: number;
  /** How often each status was answered; 0 where there was no answer. */
  statuses: Record<number, number>;
}

interface Answer {
  took: number;
  status: number;
}

async function send(body: string, due: number): Promise<Answer> {
  const headers = { authorization: `Token ${token}`, 'content-type': 'application/json' };
  const status = await fetch(url, { method: 'POST', headers, body }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.status;
    },
    () => 0,
  );
  return { took: performance.now() - due, status };
}

/** As many as the rate and the time make, each with the body that `bodyOf` gives for its number. */
async function sendAll(bodyOf: (number: number) => string): Promise<Answer[]> {
  const total = Number(rate) * Number(seconds);
  const sent: Promise<Answer>[] = [];
  const begun = performance.now();
  for (let number = 0; number < total; number += 1) {
    const due = begun + (number * 1000) / Number(rate);
    if (due > performance.now()) await delay(due - performance.now());
    sent.push(send(bodyOf(number), due));
  }
  return Promise.all(sent);
}

answerParent(async (question) => {
  const texts = (JSON.parse(bodies) as unknown[]).map((body) => JSON.stringify(body));
  const answers = await sendAll((number) => (question === 'warm' ? texts.at(-1) : texts[number % texts.length]) ?? '');
  const times = answers.map(({ took }) => took);
  return {
    requests: answers.length,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    maximum: Math.max(...times),
    statuses: Object.fromEntries(
      Object.entries(Object.groupBy(answers, ({ status }) => status)).map(([status, of]) => [status, of?.length ?? 0]),
    ),
  } satisfies RequestTimes;
});
