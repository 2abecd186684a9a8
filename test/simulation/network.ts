import http from 'node:http';
import type { Agent, ClientRequestArgs, Server } from 'node:http';
import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import type { Random } from './random.ts';
import type { Scheduler, Task } from './scheduler.ts';

/** What may happen to one exchange between slave and master. */
export type Fault =
  | 'none'
  | 'refused'
  | 'request-lost'
  | 'request-altered'
  | 'request-twice'
  | 'cut-before-head'
  | 'cut-in-head'
  | 'cut-after-head'
  | 'cut-first-byte'
  | 'cut-in-line'
  | 'cut-before-end-line'
  | 'cut-last-byte'
  | 'reset-after-all'
  | 'flip-head'
  | 'flip-signature'
  | 'flip-body'
  | 'replay-same'
  | 'replay-other'
  | 'bytes-behind'
  | 'proxy-error'
  | 'proxy-page'
  | 'proxy-empty'
  | 'proxy-redirect'
  | 'proxy-unauthorized'
  | 'proxy-not-found';

export const faults: readonly Fault[] = [
  'refused',
  'request-lost',
  'request-altered',
  'request-twice',
  'cut-before-head',
  'cut-in-head',
  'cut-after-head',
  'cut-first-byte',
  'cut-in-line',
  'cut-before-end-line',
  'cut-last-byte',
  'reset-after-all',
  'flip-head',
  'flip-signature',
  'flip-body',
  'replay-same',
  'replay-other',
  'bytes-behind',
  'proxy-error',
  'proxy-page',
  'proxy-empty',
  'proxy-redirect',
  'proxy-unauthorized',
  'proxy-not-found',
];

/** Name the request's task and operation to the master's server; no part of what is signed. */
export const taskHeader = 'x-simulated-task';
export const operationHeader = 'x-simulated-operation';

const proxyAnswers: Partial<Record<Fault, string>> = {
  'proxy-error': 'HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\nbad',
  'proxy-page': 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<h1>Welcome</h1',
  'proxy-empty': 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n',
  'proxy-redirect': 'HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/\r\nContent-Length: 0\r\n\r\n',
  'proxy-unauthorized': 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n',
  'proxy-not-found': 'HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
};

/** An answer as the slave gets it. */
interface Delivery {
  bytes: Buffer;
  /** The connection breaks after them instead of ending. */
  reset: boolean;
}

/**
 * The network between slave and master: connections within this process. Each request reaches the master, and each answer the slave, as one
 * piece, after the fault that the task's generator draws for it.
 */
export class Network {
  readonly #server: Server;
  readonly #scheduler: Scheduler;
  readonly #answers = new Map<string, Buffer[]>();
  /** The faults that may happen. */
  enabled: readonly Fault[] = faults;
  /** No way through. */
  down = false;
  readonly counts = new Map<Fault, number>();
  onExchange: (line: string) => void = () => undefined;

  constructor(server: Server, scheduler: Scheduler) {
    this.#server = server;
    this.#scheduler = scheduler;
    // An altered request may not say any more that its connection ends with it. The master would keep it for a next one, and these
    // connections know no time after which it gives that up.
    server.prependListener('request', (_request, response) => (response.shouldKeepAlive = false));
  }

  /** Forgets what passed, so that nothing of it is replayed. */
  forget(): void {
    this.#answers.clear();
  }

  /** Connections into this network, for the HTTP client of the slave. */
  agent(): Agent {
    return new SimulatedAgent((near, client) => void this.#serve(near, client));
  }

  async #serve(near: Duplex, client: Duplex): Promise<void> {
    const request = await readHead(near);
    const task = this.#scheduler.tasks.getStore();
    if (request === null || !task) {
      client.destroy();
      return;
    }
    const target = request.toString('latin1').split(' ', 2)[1] ?? '';
    const path = target.split('?')[0] ?? '';
    const random = task.random(`exchange ${path}`);
    const fault = this.#draw(task, random);
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
    this.onExchange(`${task.name} GET ${path} ${fault}`);
    if (fault === 'refused' || fault === 'request-lost') {
      const code = fault === 'refused' ? 'ECONNREFUSED' : 'ECONNRESET';
      client.destroy(Object.assign(new Error(`simulated ${code}`), { code }));
      return;
    }
    const delivery = await this.#answer({ request, path, task, random, fault });
    deliver(near, client, { delivery, random });
  }

  #draw(task: Task, random: Random): Fault {
    if (task.faultRate === null) return 'none';
    if (this.down) return 'refused';
    return random.chance(task.faultRate) ? random.pick(this.enabled) : 'none';
  }

  async #answer(exchange: { request: Buffer; path: string; task: Task; random: Random; fault: Fault }): Promise<Delivery> {
    const { path, random, fault } = exchange;
    const proxied = proxyAnswers[fault];
    if (proxied !== undefined) return { bytes: Buffer.from(proxied), reset: false };
    const asked = fault === 'request-altered' ? flipBit(exchange.request, random, [0, exchange.request.length]) : exchange.request;
    if (fault === 'request-twice') await this.#ask(asked, exchange.task);
    const answer = await this.#ask(asked, exchange.task);
    const earlier = this.#earlier(path, fault, random);
    const sent = this.#answers.get(path) ?? [];
    this.#answers.set(path, [...sent.slice(-3), answer]);
    return { bytes: spoil(earlier ?? answer, fault, random), reset: fault === 'reset-after-all' };
  }

  #earlier(path: string, fault: Fault, random: Random): Buffer | null {
    if (fault !== 'replay-same' && fault !== 'replay-other') return null;
    const sent = Array.from(this.#answers)
      .filter(([other]) => (other === path) === (fault === 'replay-same'))
      .flatMap(([, answers]) => answers);
    return sent.length === 0 ? null : random.pick(sent);
  }

  /** Hands a request to the master and reads the whole answer. */
  async #ask(request: Buffer, task: Task): Promise<Buffer> {
    const [served, far] = duplexPair();
    Object.assign(served, socketMethods, { remoteAddress: '192.0.2.7' });
    this.#server.emit('connection', served);
    const lineEnd = request.indexOf('\r\n') + 2;
    far.write(
      Buffer.concat([
        request.subarray(0, lineEnd),
        Buffer.from(`${taskHeader}: ${task.name}\r\n${operationHeader}: ${this.#scheduler.operation()?.id ?? 0}\r\n`),
        request.subarray(lineEnd),
      ]),
    );
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of far as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      // What came before the master broke off is the answer.
    }
    far.destroy();
    return Buffer.concat(chunks);
  }
}

/** What node's HTTP expects of a socket beyond a duplex stream. */
const socketMethods = {
  setTimeout(): unknown {
    return this;
  },
  setNoDelay(): unknown {
    return this;
  },
  setKeepAlive(): unknown {
    return this;
  },
  ref(): unknown {
    return this;
  },
  unref(): unknown {
    return this;
  },
};

class SimulatedAgent extends http.Agent {
  readonly #connect: (near: Duplex, client: Duplex) => void;

  constructor(connect: (near: Duplex, client: Duplex) => void) {
    super({ keepAlive: false });
    this.#connect = connect;
  }

  override createConnection(_options: ClientRequestArgs): Duplex {
    const [client, near] = duplexPair();
    Object.assign(client, socketMethods);
    near.on('error', () => undefined);
    this.#connect(near, client);
    return client;
  }
}

async function readHead(near: Duplex): Promise<Buffer | null> {
  let head = Buffer.alloc(0);
  return new Promise((resolve) => {
    near.on('data', (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      if (head.includes('\r\n\r\n')) resolve(head);
    });
    near.on('close', () => resolve(null));
    near.on('end', () => resolve(null));
  });
}

/** The bytes in pieces of their own lengths, then the end of the connection. */
function deliver(near: Duplex, client: Duplex, { delivery, random }: { delivery: Delivery; random: Random }): void {
  if (client.destroyed) return;
  const { bytes, reset } = delivery;
  const cut = random.below(bytes.length + 1);
  for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) if (piece.length > 0) near.write(piece);
  if (!reset) {
    near.end();
    return;
  }
  setImmediate(() => client.destroy(Object.assign(new Error('simulated ECONNRESET'), { code: 'ECONNRESET' })));
}

/** The part of the answer that arrives, altered as the fault says. */
function spoil(answer: Buffer, fault: Fault, random: Random): Buffer {
  const bodyStart = answer.indexOf('\r\n\r\n') + 4;
  const head = answer.subarray(0, bodyStart).toString('latin1');
  const signature = /\r\nsignature: [^:]*:/i.exec(head);
  switch (fault) {
    case 'cut-before-head':
      return answer.subarray(0, 0);
    case 'cut-in-head':
      return answer.subarray(0, random.between(1, bodyStart - 1));
    case 'cut-after-head':
      return answer.subarray(0, bodyStart);
    case 'cut-first-byte':
      return answer.subarray(0, bodyStart + 1);
    case 'cut-in-line':
      return answer.subarray(0, random.between(bodyStart, Math.max(bodyStart, answer.length - 1)));
    case 'cut-before-end-line':
      return answer.subarray(0, Math.max(bodyStart, answer.lastIndexOf('\n', answer.length - 2) + 1));
    case 'cut-last-byte':
      return answer.subarray(0, answer.length - 1);
    case 'flip-head':
      return flipBit(answer, random, [0, bodyStart]);
    case 'flip-signature':
      return signature ? flipBit(answer, random, [signature.index + signature[0].length, bodyStart - 4]) : answer;
    case 'flip-body':
      return answer.length > bodyStart ? flipBit(answer, random, [bodyStart, answer.length]) : answer;
    case 'bytes-behind':
      return Buffer.concat([answer, random.bytes(random.between(1, 64))]);
    default:
      return answer;
  }
}

function flipBit(bytes: Buffer, random: Random, [from, to]: readonly [number, number]): Buffer {
  const flipped = Buffer.from(bytes);
  const at = from + random.below(Math.max(1, to - from));
  flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
  return flipped;
}
