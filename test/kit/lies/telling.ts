import type { Exchange, Lie } from '../lying-master.ts';

export type Row = Record<string, unknown>;

/** An identity that belongs to nothing. */
export const other = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
export const zeros = '0'.repeat(64);
export const nothing = Buffer.alloc(0);

/** Says something unsigned with this status. */
export const unsigned =
  (status: number, headers: Record<string, string> = {}, body = ''): Lie =>
  ({ response }) => {
    response.writeHead(status, headers).end(body);
    return 'sent';
  };

/** Says something signed in place of the honest answer. */
export const signed =
  (status: number, body: string | Buffer = '{}', headers: Record<string, string> = {}): Lie =>
  () => ({ status, headers: { 'content-type': 'application/json', ...headers }, body: Buffer.from(body) });

/** Changes the bytes of the honest answer and signs them. */
export const bytes =
  (change: (honest: Buffer, exchange: Exchange) => Buffer | Promise<Buffer>, headers: Record<string, string> = {}): Lie =>
  async (exchange) => {
    const answer = await exchange.honest();
    return { ...answer, headers: { ...answer.headers, ...headers }, body: await change(answer.body, exchange) };
  };

/** Changes the JSON of the honest answer and signs it. */
export const json = (change: (honest: Row, exchange: Exchange) => Row): Lie =>
  bytes((honest, exchange) => Buffer.from(JSON.stringify(change(JSON.parse(honest.toString()) as Row, exchange))));

/** Answers honestly, but signs something else. */
export const signedWrongly =
  (how: Parameters<Exchange['sign']>[1]): Lie =>
  async ({ response, honest, sign }): Promise<'sent'> => {
    const answer = await honest();
    response.writeHead(answer.status, sign(answer, how)).end(answer.body);
    return 'sent';
  };

/** Everything is said of another list. The letters are as many, so that what stands behind them stays where it is. */
export const ofAnotherList: Lie = async (exchange) => {
  const answer = await exchange.honest();
  const body = Buffer.from(answer.body);
  const name = '"dossier_list":"';
  for (let at = body.indexOf(name); at >= 0; at = body.indexOf(name, at + 1)) body.write(other, at + name.length);
  return { ...answer, body };
};
