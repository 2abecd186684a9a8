import type { Answer, Lie } from '../lying-master.ts';

/** Pours a body without an end, or `gigabytes` of it, under a head that is signed for something else. */
export const endless =
  (gigabytes: number | null): Lie =>
  ({ response, sign }) => {
    const chunk = Buffer.alloc(1024 * 1024, '{"kind":"tombstone"}\n');
    response.writeHead(200, {
      ...sign({ status: 200, headers: { 'content-type': 'application/x-ndjson' }, body: chunk }),
      ...(gigabytes !== null && { 'content-length': gigabytes * 1024 ** 3 }),
    });
    const pour = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', pour);
    pour();
    return 'sent';
  };

/** Answers honestly, but a byte at a time. */
export const dripping: Lie = async ({ response, honest, sign }): Promise<'sent'> => {
  const answer = await honest();
  response.writeHead(200, { ...sign(answer), 'content-length': answer.body.length });
  const drip = setInterval(() => {
    if (response.destroyed) clearInterval(drip);
    else response.write('.');
  }, 50);
  return 'sent';
};

/** Says that it works on it, and nothing else. */
export const earlyHints: Lie = ({ response }) => {
  const hint = setInterval(() => {
    if (response.destroyed) clearInterval(hint);
    else response.writeProcessing();
  }, 20);
  return 'sent';
};

/** Says again, signature and all, what it said the first time. */
export const replayed = (): Lie => {
  let recorded: { headers: Record<string, string>; body: Buffer } | null = null;
  return async ({ response, honest, sign }): Promise<'sent'> => {
    const answer = await honest();
    recorded ??= { headers: sign(answer), body: answer.body };
    response.writeHead(answer.status, recorded.headers).end(recorded.body);
    return 'sent';
  };
};

/** Writes this to the line in place of HTTP. */
export const raw =
  (text: string): Lie =>
  ({ request }) => {
    request.socket.end(text);
    return 'sent';
  };

/** Says again, signed anew, what it said the first time of a list, in this sync and in later ones. */
export const frozen = (tell: Lie): Lie => {
  let first: { of: string; answer: Answer } | null = null;
  return async (exchange): Promise<Answer | 'sent'> => {
    const of = exchange.asked.url.pathname;
    if (first?.of === of) return first.answer;
    const told = await tell(exchange);
    if (told !== 'sent') first = { of, answer: told };
    return told;
  };
};

/** Breaks off after the first bytes of what it announced. */
export const brokenOff: Lie = async ({ response, honest, sign }): Promise<'sent'> => {
  const answer = await honest();
  response.writeHead(200, { ...sign(answer), 'content-length': answer.body.length });
  response.write(answer.body.subarray(0, 20), () => response.destroy());
  return 'sent';
};
