import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { Asked, Exchange, Lie } from './lying-master.ts';

/**
 * One thing that a master may do wrong. `sync` is the run in which it does: the first one of a link, that of a long list whose
 * pages come as rows (`load`), one with a few changes (`delta`), one after
 * a restore of the master (`reconcile`), or a full one. `ends` names the code of the refusal; `mends`: by itself (retried, then a dead letter),
 * by a person (a dead letter at once), or by the decision of a person who is shown what would change (held).
 */
export interface LieCase {
  readonly says: string;
  readonly to: Asked['part'] | 'anything';
  readonly sync: 'first' | 'load' | 'delta' | 'reconcile' | 'full';
  readonly tell: Lie;
  readonly ends: string;
  readonly mends: 'by itself' | 'by a person' | 'by a decision';
}

type Row = Record<string, unknown>;

const other = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const zeros = '0'.repeat(32);
const nothing = Buffer.alloc(0);

/** Lies to one part of the feed, and passes on everything else. */
function to(part: LieCase['to'], tell: Lie): Lie {
  return (exchange) => (part === 'anything' || exchange.asked.part === part ? tell(exchange) : exchange.honest());
}

/** Says something unsigned with this status. */
const unsigned =
  (status: number, headers: Record<string, string> = {}, body = ''): Lie =>
  ({ response }) => {
    response.writeHead(status, headers).end(body);
    return 'sent';
  };

/** Says something signed in place of the honest answer. */
const signed =
  (status: number, body: string | Buffer = '{}', headers: Record<string, string> = {}): Lie =>
  () => ({ status, headers: { 'content-type': 'application/json', ...headers }, body: Buffer.from(body) });

/** Changes the bytes of the honest answer and signs them. */
const bytes =
  (change: (honest: Buffer, exchange: Exchange) => Buffer | Promise<Buffer>, headers: Record<string, string> = {}): Lie =>
  async (exchange) => {
    const answer = await exchange.honest();
    return { ...answer, headers: { ...answer.headers, ...headers }, body: await change(answer.body, exchange) };
  };

/** Changes the JSON of the honest answer and signs it. */
const json = (change: (honest: Row, exchange: Exchange) => Row): Lie =>
  bytes((honest, exchange) => Buffer.from(JSON.stringify(change(JSON.parse(honest.toString()) as Row, exchange))));

interface PageEnd extends Row {
  head: Row;
}

/** Changes the lines of an honest page. Whoever changes their number changes the count of the end line, unless `counted` is false. */
const page = (change: (lines: Row[], end: PageEnd, exchange: Exchange) => Row[] | void, counted = true): Lie =>
  bytes((honest, exchange) => {
    const lines = honest.toString().trimEnd().split('\n');
    const [end] = lines.splice(-1).map((line) => JSON.parse(line) as PageEnd);
    if (!end) throw new Error('an honest page has an end line');
    const read = lines.map((line) => JSON.parse(line) as Row);
    const changed = change(read, end, exchange) ?? read;
    if (counted) end['count'] = changed.length;
    return Buffer.from([...changed, end].map((line) => `${JSON.stringify(line)}\n`).join(''));
  });

/** Goes on for ever, a revision a page, in the history of the honest page that was asked for first. */
function growing(changes: (since: number) => Row[]): Lie {
  let end: PageEnd | null = null;
  return async ({ asked, honest }) => {
    const since = Number(asked.url.searchParams.get('since'));
    if (asked.before === 0) end = JSON.parse((await honest()).body.toString().trimEnd().split('\n').at(-1) ?? '') as PageEnd;
    if (!end) throw new Error('an honest page has an end line');
    const lines = changes(since);
    const last = { ...end, count: lines.length, next: since + 1, more: true, head: { ...end.head, revision: since + 2 } };
    const body = [...lines, last].map((line) => `${JSON.stringify(line)}\n`).join('');
    return { status: 200, headers: { 'content-type': 'application/x-ndjson' }, body: Buffer.from(body) };
  };
}

/** A dossier that nobody has. */
const made = (number: number): string => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

/** Changes the puts of an honest page. */
const puts = (change: (put: Row) => Row): Lie => page((lines) => lines.map((line) => (line['kind'] === 'put' ? change(line) : line)));

const head = (change: (head: Row) => Row): Lie => json((honest) => change(honest));
const position = (change: (position: Row) => Row): Lie => json((honest) => ({ ...honest, position: change(honest['position'] as Row) }));
/** Everything is said of another list. */
const anotherList: Lie = async (exchange) => {
  const answer = await exchange.honest();
  const body = answer.body.toString().replaceAll(/"dossier_list":"[^"]+"/g, `"dossier_list":"${other}"`);
  return { ...answer, body: Buffer.from(body) };
};

const revisionOf = (row: Row): number => Number(row['revision']);

/** Pours a body without an end, or `gigabytes` of it, under a head that is signed for something else. */
const endless =
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
const dripping: Lie = async ({ response, honest, sign }): Promise<'sent'> => {
  const answer = await honest();
  response.writeHead(200, { ...sign(answer), 'content-length': answer.body.length });
  const drip = setInterval(() => {
    if (response.destroyed) clearInterval(drip);
    else response.write('.');
  }, 50);
  return 'sent';
};

const earlyHints: Lie = ({ response }) => {
  const hint = setInterval(() => {
    if (response.destroyed) clearInterval(hint);
    else response.writeProcessing();
  }, 20);
  return 'sent';
};

const replayed = (): Lie => {
  let recorded: { headers: Record<string, string>; body: Buffer } | null = null;
  return async ({ response, honest, sign }): Promise<'sent'> => {
    const answer = await honest();
    recorded ??= { headers: sign(answer), body: answer.body };
    response.writeHead(answer.status, recorded.headers).end(recorded.body);
    return 'sent';
  };
};

const raw =
  (text: string): Lie =>
  ({ request }) => {
    request.socket.end(text);
    return 'sent';
  };

const signedWrongly =
  (how: Parameters<Exchange['sign']>[1]): Lie =>
  async ({ response, honest, sign }): Promise<'sent'> => {
    const answer = await honest();
    response.writeHead(answer.status, sign(answer, how)).end(answer.body);
    return 'sent';
  };

function wire(says: string, tell: Lie, outcome: [ends: string, mends: LieCase['mends']]): LieCase {
  return { says, to: 'anything', sync: 'delta', tell, ends: outcome[0], mends: outcome[1] };
}

function lie(says: string, told: [LieCase['sync'], LieCase['to'], Lie], outcome: [ends: string, mends?: LieCase['mends']]): LieCase {
  const [sync, part, tell] = told;
  return { says, to: part, sync, tell: to(part, tell), ends: outcome[0], mends: outcome[1] ?? 'by itself' };
}

const onTheWire: readonly LieCase[] = [
  wire('a web page, without a signature', unsigned(200, { 'content-type': 'text/html' }, '<html>'), ['PROTOCOL_NOT_SPOKEN', 'by itself']),
  lie(
    'a web page, before anything was ever synced',
    ['first', 'anything', unsigned(200, {}, '<html>')],
    ['PROTOCOL_NOT_SPOKEN', 'by a person'],
  ),
  wire('a redirect', unsigned(302, { location: 'http://127.0.0.1:1/' }), ['PROTOCOL_NOT_SPOKEN', 'by itself']),
  wire('a redirect that is signed', signed(307, '', { location: 'http://127.0.0.1:1/' }), ['PROTOCOL_NOT_SPOKEN', 'by itself']),
  wire('401', unsigned(401), ['TOKEN_REFUSED', 'by a person']),
  wire('401, an hour ahead', unsigned(401, { date: new Date(Date.now() + 3_600_000).toUTCString() }), ['CLOCK_DIFFERS', 'by a person']),
  wire('403, without a signature', unsigned(403), ['PROTOCOL_NOT_SPOKEN', 'by itself']),
  wire('403, signed', signed(403), ['PAGE_REFUSED', 'by itself']),
  wire('404, without a signature', unsigned(404), ['PROTOCOL_NOT_SPOKEN', 'by itself']),
  wire('404, signed: no such list', signed(404), ['NO_SUCH_LIST', 'by a person']),
  ...[408, 429, 500, 502, 503, 599].map((status) => wire(String(status), unsigned(status), ['MASTER_ERROR', 'by itself'])),
  wire('503, signed', signed(503), ['MASTER_ERROR', 'by itself']),
  wire('204, signed', signed(204, nothing), ['PAGE_REFUSED', 'by itself']),
  wire('206, signed', signed(206), ['PAGE_REFUSED', 'by itself']),
  wire('101, switching protocols', raw('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'), [
    'MASTER_TIMEOUT',
    'by itself',
  ]),
  wire('no HTTP', raw('SSH-2.0-OpenSSH_9.2\r\n'), ['PROTOCOL_NOT_SPOKEN', 'by itself']),
  wire('a head of 64 kB', raw(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(65_536)}\r\n\r\n`), ['PROTOCOL_NOT_SPOKEN', 'by itself']),
  wire('two lengths', raw('HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nPage'), ['PROTOCOL_NOT_SPOKEN', 'by itself']),
  wire('nothing, and closes', raw(''), ['MASTER_UNREACHABLE', 'by itself']),
  wire('nothing, and waits', () => 'sent', ['MASTER_TIMEOUT', 'by itself']),
  wire('"processing", for ever', earlyHints, ['MASTER_TIMEOUT', 'by itself']),
  wire('one byte at a time', dripping, ['MASTER_TIMEOUT', 'by itself']),
  wire(
    'half of what it announced',
    async ({ response, honest, sign }): Promise<'sent'> => {
      const answer = await honest();
      response.writeHead(200, { ...sign(answer), 'content-length': answer.body.length });
      response.write(answer.body.subarray(0, 20), () => response.destroy());
      return 'sent';
    },
    ['ANSWER_TRUNCATED', 'by itself'],
  ),
  wire('an answer signed with another token', signedWrongly({ key: deriveSigningKey('another') }), ['ANSWER_FORGED', 'by itself']),
  wire('an answer signed for other bytes', signedWrongly({ sha256: 'a'.repeat(64) }), ['ANSWER_FORGED', 'by itself']),
  wire('an answer signed ten minutes ago', signedWrongly({ now: new Date(Date.now() - 600_000) }), ['CLOCK_DIFFERS', 'by a person']),
  wire('an answer that it gave before', replayed(), ['ANSWER_FORGED', 'by itself']),
  lie('"not modified" of what was not asked', ['full', 'head', signed(304, nothing, { etag: '"x"' })], ['ANSWER_FORGED']),
  lie('"not modified" of another entity tag', ['delta', 'head', signed(304, nothing, { etag: '"x"' })], ['ANSWER_FORGED']),
  lie('a page of 10 GB', ['delta', 'changes', endless(10)], ['ANSWER_TOO_LARGE', 'by a person']),
  lie('a page without an end', ['delta', 'changes', endless(null)], ['ANSWER_TOO_LARGE', 'by a person']),
  lie(
    'a page that is 1 GB once unpacked',
    ['delta', 'changes', bytes(() => zstdCompressSync(Buffer.alloc(1024 ** 3)), { 'content-encoding': 'zstd' })],
    ['ANSWER_TOO_LARGE', 'by a person'],
  ),
  lie('a page in gzip', ['delta', 'changes', bytes((body) => gzipSync(body), { 'content-encoding': 'gzip' })], ['PROTOCOL_NOT_SPOKEN']),
  lie(
    'a page in Brotli',
    ['delta', 'changes', bytes((body) => brotliCompressSync(body), { 'content-encoding': 'br' })],
    ['PROTOCOL_NOT_SPOKEN'],
  ),
  lie(
    'a page packed twice',
    ['delta', 'changes', bytes((body) => zstdCompressSync(zstdCompressSync(body)), { 'content-encoding': 'zstd, zstd' })],
    ['PROTOCOL_NOT_SPOKEN'],
  ),
];

const inHeads: readonly LieCase[] = [
  lie(
    'only versions from the future',
    ['first', 'greeting', json((greeting) => ({ ...greeting, versions: [97, 98] }))],
    ['FEED_VERSION', 'by a person'],
  ),
  lie('a greeting that is none', ['first', 'greeting', signed(200, '[]')], ['PAGE_REFUSED']),
  lie('an empty head', ['delta', 'head', signed(200, nothing)], ['PAGE_REFUSED']),
  lie('a head that is no JSON', ['delta', 'head', signed(200, '{"node":')], ['PAGE_REFUSED']),
  lie('a head nested a million times', ['delta', 'head', signed(200, '['.repeat(1_000_000))], ['PAGE_REFUSED']),
  lie('to be another node', ['delta', 'head', head((said) => ({ ...said, node: other }))], ['HELD', 'by a decision']),
  lie('to hold another list under this id', ['delta', 'anything', anotherList], ['HELD', 'by a decision']),
  lie(
    'another list in the head than in the pages',
    ['delta', 'head', head((said) => ({ ...said, dossier_list: other }))],
    ['PAGE_REFUSED'],
  ),
  lie('another list before the first sync than in it', ['first', 'changes', anotherList], ['PAGE_REFUSED']),
  lie(
    'a head below the one before',
    ['delta', 'head', position((said) => ({ ...said, revision: revisionOf(said) - 3 }))],
    ['HELD', 'by a decision'],
  ),
  lie(
    'another content under the revision before',
    ['delta', 'head', position((said) => ({ ...said, revision: revisionOf(said) - 3, digest: zeros }))],
    ['HELD', 'by a decision'],
  ),
  lie('a history that it does not know itself', ['delta', 'head', position((said) => ({ ...said, epoch: other }))], ['PAGE_REFUSED']),
  lie(
    'another EXTERNAL_ADDRESS',
    ['delta', 'head', head((said) => ({ ...said, external_address: 'http://elsewhere.example' }))],
    ['EXTERNAL_ADDRESS_DIFFERS', 'by a person'],
  ),
  lie(
    'a time of day that there is not',
    ['delta', 'head', head((said) => ({ ...said, schedule: { hour: 24, minute: 0, time_zone: 'UTC' } }))],
    ['PAGE_REFUSED'],
  ),
  lie(
    'a time zone that there is not',
    ['delta', 'head', head((said) => ({ ...said, schedule: { hour: 3, minute: 0, time_zone: 'Nowhere/Land' } }))],
    ['PAGE_REFUSED'],
  ),
  lie('a name that can not be stored', ['delta', 'head', head((said) => ({ ...said, name: 'a\u0000b' }))], ['PAGE_REFUSED']),
  lie('a name of a million letters', ['delta', 'head', head((said) => ({ ...said, name: 'a'.repeat(1_000_000) }))], ['PAGE_REFUSED']),
  lie('a negative revision', ['delta', 'head', position((said) => ({ ...said, revision: -1 }))], ['PAGE_REFUSED']),
  lie('a revision beyond all numbers', ['delta', 'head', position((said) => ({ ...said, revision: 1e300 }))], ['PAGE_REFUSED']),
];

const inPages: readonly LieCase[] = [
  lie(
    'a page without its end line',
    ['delta', 'changes', bytes((body) => body.subarray(0, body.lastIndexOf('\n', body.length - 2) + 1))],
    ['PAGE_REFUSED'],
  ),
  lie('half of a page', ['delta', 'changes', bytes((body) => body.subarray(0, body.length / 2))], ['PAGE_REFUSED']),
  lie('nothing for a page', ['delta', 'changes', bytes(() => nothing)], ['PAGE_REFUSED']),
  lie(
    'more after the end line',
    ['delta', 'changes', bytes((body) => Buffer.concat([body, Buffer.from('{"kind":"end"}\n')]))],
    ['PAGE_REFUSED'],
  ),
  lie(
    'two end lines',
    ['delta', 'changes', bytes((body) => Buffer.concat([body, body.subarray(body.lastIndexOf('\n', body.length - 2) + 1)]))],
    ['PAGE_REFUSED'],
  ),
  lie('a line that is no change', ['delta', 'changes', page((lines) => [...lines.slice(1), { kind: 'purge' }])], ['PAGE_REFUSED']),
  lie('a count that is too high', ['delta', 'changes', page((_lines, end) => void (end['count'] = 99), false)], ['PAGE_REFUSED']),
  lie('a count that is too low', ['delta', 'changes', page((_lines, end) => void (end['count'] = 0), false)], ['PAGE_REFUSED']),
  lie('two million lines', ['delta', 'changes', bytes((body) => Buffer.concat([Buffer.alloc(2_000_000, '\n'), body]))], ['PAGE_REFUSED']),
  lie(
    'a line nested a million times',
    ['delta', 'changes', bytes((body) => Buffer.concat([Buffer.from(`${'['.repeat(1_000_000)}\n`), body]))],
    ['PAGE_REFUSED'],
  ),
  lie(
    'a line of a million objects',
    ['delta', 'changes', bytes((body) => Buffer.concat([Buffer.from(`[${'{},'.repeat(1_000_000)}1]\n`), body]))],
    ['PAGE_REFUSED'],
  ),
  lie('the changes backwards', ['delta', 'changes', page((lines) => lines.toReversed())], ['PAGE_REFUSED']),
  lie(
    'two changes under one revision',
    ['delta', 'changes', page((lines) => lines.map((line) => ({ ...line, revision: revisionOf(lines[0] ?? {}) })))],
    ['PAGE_REFUSED'],
  ),
  lie(
    'changes from before what was asked',
    ['delta', 'changes', page((lines) => lines.map((line, index) => ({ ...line, revision: index })))],
    ['PAGE_REFUSED'],
  ),
  lie(
    'one dossier twice',
    [
      'delta',
      'changes',
      page((lines) => [...lines.slice(0, 1), ...lines.slice(1).map((line) => ({ ...line, dossier: lines[0]?.['dossier'] }))]),
    ],
    ['PAGE_REFUSED'],
  ),
  lie(
    'one dossier twice, in other letters',
    [
      'full',
      'changes',
      page((lines) => [...lines.slice(0, 1), { ...lines[1], dossier: String(lines[0]?.['dossier']).toUpperCase() }, ...lines.slice(2)]),
    ],
    ['PAGE_REFUSED'],
  ),
  lie('a page of another list', ['delta', 'changes', page((_lines, end) => void (end['dossier_list'] = other))], ['PAGE_REFUSED']),
  lie('a page of another history', ['delta', 'changes', page((_lines, end) => void (end.head['epoch'] = other))], ['PAGE_REFUSED']),
  lie(
    'that the history is gone, again and again',
    ['full', 'changes', signed(410, JSON.stringify({ epoch: other, floor: 0 }))],
    ['PAGE_REFUSED'],
  ),
  lie('that the history is gone, without saying which', ['delta', 'changes', signed(410)], ['PAGE_REFUSED']),
  lie(
    'that more follows, without getting further',
    [
      'delta',
      'changes',
      page((_lines, end, { asked }) => {
        end['more'] = true;
        end['next'] = Number(asked.url.searchParams.get('since'));
        return [];
      }),
    ],
    ['PAGE_REFUSED'],
  ),
  lie('empty pages without an end', ['delta', 'changes', growing(() => [])], ['PAGE_REFUSED']),
  lie(
    'tiny pages without an end',
    ['delta', 'changes', growing((since) => [{ kind: 'tombstone', revision: since + 1, dossier: made(since) }])],
    ['PAGE_REFUSED'],
  ),
  lie('that the last page was the last but one', ['delta', 'changes', page((_lines, end) => void (end['more'] = true))], ['PAGE_REFUSED']),
  lie(
    'that the first page was the last',
    [
      'full',
      'changes',
      page((lines, end) => {
        end['next'] = revisionOf(lines[1] ?? {});
        return lines.slice(0, 2);
      }),
    ],
    ['PAGE_REFUSED'],
  ),
  lie(
    'that the list ends where the first page does',
    [
      'full',
      'changes',
      page((lines, end) => {
        end['next'] = revisionOf(lines[1] ?? {});
        end.head['revision'] = end['next'];
        return lines.slice(0, 2);
      }),
    ],
    ['DIGEST_DIFFERS'],
  ),
  lie('that the list is empty', ['full', 'changes', page(() => [])], ['DIGEST_DIFFERS']),
  lie('one dossier less', ['full', 'changes', page((lines) => lines.slice(1))], ['DIGEST_DIFFERS']),
  lie(
    'a tombstone for a dossier that is there',
    [
      'full',
      'changes',
      page((lines) =>
        lines.map((line, index) => (index === 0 ? { kind: 'tombstone', revision: line['revision'], dossier: line['dossier'] } : line)),
      ),
    ],
    ['DIGEST_DIFFERS'],
  ),
  lie('a head with another digest', ['delta', 'changes', page((_lines, end) => void (end.head['digest'] = zeros))], ['DIGEST_DIFFERS']),
  lie('a head with another count', ['delta', 'changes', page((_lines, end) => void (end.head['count'] = 1000))], ['DIGEST_DIFFERS']),
];

const inDossiers: readonly LieCase[] = [
  lie('a name that does not fit its hash', ['delta', 'changes', puts((put) => ({ ...put, name: 'Somebody else' }))], ['HASH_DIFFERS']),
  lie('a hash that does not fit its dossier', ['delta', 'changes', puts((put) => ({ ...put, hash: zeros }))], ['HASH_DIFFERS']),
  lie(
    'a photo that does not fit the hash',
    [
      'delta',
      'changes',
      puts((put) => ({
        ...put,
        photos: [{ sha256: 'ab'.repeat(32), width: 1, height: 1, bytes: 3, media_type: 'image/jpeg', features: null }],
      })),
    ],
    ['HASH_DIFFERS'],
  ),
  lie(
    'a photo twice in one dossier',
    [
      'delta',
      'changes',
      puts((put) => {
        const photo = { sha256: 'ab'.repeat(32), width: 1, height: 1, bytes: 3, media_type: 'image/jpeg', features: null };
        return { ...put, photos: [photo, photo] };
      }),
    ],
    ['PAGE_REFUSED'],
  ),
  lie(
    'a photo wider than numbers go',
    [
      'delta',
      'changes',
      puts((put) => ({
        ...put,
        photos: [{ sha256: 'ab'.repeat(32), width: 2 ** 40, height: 1, bytes: 3, media_type: 'image/jpeg', features: null }],
      })),
    ],
    ['PAGE_REFUSED'],
  ),
  lie(
    'a photo of 10 GB',
    [
      'delta',
      'changes',
      puts((put) => ({
        ...put,
        photos: [{ sha256: 'ab'.repeat(32), width: 1, height: 1, bytes: 10 * 1024 ** 3, media_type: 'image/jpeg', features: null }],
      })),
    ],
    ['PAGE_REFUSED'],
  ),
  lie('a name of 257 letters', ['delta', 'changes', puts((put) => ({ ...put, name: 'a'.repeat(257) }))], ['PAGE_REFUSED']),
  lie('a name that can not be stored', ['delta', 'changes', puts((put) => ({ ...put, name: 'a\u0000' }))], ['PAGE_REFUSED']),
  lie('a comment with half of a character', ['delta', 'changes', puts((put) => ({ ...put, comment: '\ud800' }))], ['PAGE_REFUSED']),
  lie('meta that is no object', ['delta', 'changes', puts((put) => ({ ...put, meta: '[]' }))], ['PAGE_REFUSED']),
  lie(
    'meta that is nested too deeply',
    ['delta', 'changes', puts((put) => ({ ...put, meta: `{"a":${'['.repeat(40)}${']'.repeat(40)}}` }))],
    ['PAGE_REFUSED'],
  ),
  lie('a number in meta that nothing holds', ['delta', 'changes', puts((put) => ({ ...put, meta: '{"a":1e400}' }))], ['PAGE_REFUSED']),
  lie('a date that is none', ['delta', 'changes', puts((put) => ({ ...put, created_date: 'yesterday, perhaps' }))], ['PAGE_REFUSED']),
  lie('a date in SQL', ['delta', 'changes', puts((put) => ({ ...put, modified_date: 'now()); drop table links; --' }))], ['PAGE_REFUSED']),
  lie('an identity that is none', ['delta', 'changes', puts((put) => ({ ...put, dossier: '../../etc/passwd' }))], ['PAGE_REFUSED']),
];

const inComparisons: readonly LieCase[] = [
  lie('buckets of another list', ['reconcile', 'buckets', json((said) => ({ ...said, dossier_list: other }))], ['PAGE_REFUSED']),
  lie('a bucket that there is not', ['reconcile', 'buckets', json((said) => ({ ...said, buckets: [[4096, 1, zeros]] }))], ['PAGE_REFUSED']),
  lie('hashes of another list', ['reconcile', 'hashes', json((said) => ({ ...said, dossier_list: other }))], ['PAGE_REFUSED']),
  lie(
    'the hash of one dossier twice',
    ['reconcile', 'hashes', json((said) => ({ ...said, hashes: [...(said['hashes'] as unknown[]), ...(said['hashes'] as unknown[])] }))],
    ['PAGE_REFUSED'],
  ),
  lie(
    'hashes of other buckets',
    [
      'reconcile',
      'hashes',
      json((said) => ({
        ...said,
        hashes: Array.from({ length: 4096 }, (_, bucket) => [
          `00000000-0000-4000-8000-000000000${bucket.toString(16).padStart(3, '0')}`,
          zeros,
        ]),
      })),
    ],
    ['PAGE_REFUSED'],
  ),
  lie(
    'dossiers that were not asked for',
    ['reconcile', 'dossiers', page((lines) => lines.map((line) => ({ ...line, dossier: other })))],
    ['PAGE_REFUSED'],
  ),
  lie('dossiers of another list', ['reconcile', 'dossiers', page((_lines, end) => void (end['dossier_list'] = other))], ['PAGE_REFUSED']),
];

interface RowsPage {
  dossiers: string[];
  photos: string[];
  tombstones: string[];
  end: PageEnd;
}

/** Lies in whatever form the page is asked for. */
const inBothForms =
  (inRows: Lie, inLines: Lie): Lie =>
  (exchange) =>
    exchange.request.headers.accept?.includes('rows') === true ? inRows(exchange) : inLines(exchange);

/** Changes the rows of an honest page in its fast form. Lengths and counts of the end line are made to fit, unless `counted` is false. */
const changedRows = (change: (rows: RowsPage) => void, counted = true): Lie =>
  bytes((honest) => {
    const lines = honest.toString('latin1').trimEnd().split('\n');
    const [end] = lines.splice(-1).map((line) => JSON.parse(line) as PageEnd);
    if (!end) throw new Error('an honest page has an end line');
    const [dossiers, photos] = [Number(end['dossiers']), Number(end['photos'])];
    const read: RowsPage = {
      dossiers: lines.slice(0, dossiers),
      photos: lines.slice(dossiers, dossiers + photos),
      tombstones: lines.slice(dossiers + photos),
      end,
    };
    change(read);
    const blocks = [read.dossiers, read.photos, read.tombstones].map((block) => block.map((line) => `${line}\n`).join(''));
    const fitting = {
      dossiers: read.dossiers.length,
      photos: read.photos.length,
      tombstones: read.tombstones.length,
      dossier_bytes: blocks[0]?.length,
      photo_bytes: blocks[1]?.length,
    };
    return Buffer.from(`${blocks.join('')}${JSON.stringify({ ...end, ...(counted && fitting) })}\n`, 'latin1');
  });

/** The same, with nothing in the readable form, which would be asked for then. */
const rows = (...change: Parameters<typeof changedRows>): Lie =>
  inBothForms(
    changedRows(...change),
    bytes(() => nothing),
  );

const firstOf = (lines: string[], change: (line: string) => string): void => {
  lines[0] = change(lines[0] ?? '');
};
const aPhoto = (row: string): string => `${row.slice(0, 36)}\t\\\\x${'ab'.repeat(32)}\t1\t1\t3\timage/jpeg\t\\N`;

const load = (says: string, tell: Lie, ends = 'PAGE_REFUSED'): LieCase => lie(says, ['load', 'changes', tell], [ends]);

const inRows: readonly LieCase[] = [
  load(
    'rows without their end line',
    bytes((body) => body.subarray(0, body.lastIndexOf('\n', body.length - 2) + 1)),
  ),
  load(
    'half of the rows',
    bytes((body) => body.subarray(0, body.length / 2)),
  ),
  load(
    'no rows, and no end line',
    bytes(() => nothing),
  ),
  load(
    'more after the end line',
    bytes((body) => Buffer.concat([body, Buffer.from('x\n')])),
  ),
  load(
    'blocks that are longer than the page',
    rows(({ end }) => void (end['dossier_bytes'] = 2 ** 40), false),
  ),
  load(
    'blocks that end within a row',
    rows(({ end }) => void (end['dossier_bytes'] = Number(end['dossier_bytes']) - 5), false),
  ),
  load(
    'one row more than there is',
    rows(({ end }) => void (end['dossiers'] = Number(end['dossiers']) + 1), false),
  ),
  load(
    'rows of another list',
    rows(({ end }) => void (end['dossier_list'] = other)),
  ),
  load(
    'rows of another history',
    rows(({ end }) => void (end.head['epoch'] = other)),
  ),
  load(
    'rows from elsewhere in the list',
    rows(({ end }) => void (end['since'] = Number(end['since']) + 1)),
  ),
  load(
    'that more follows, without getting further',
    rows(({ end }) => {
      end['next'] = end['since'];
    }),
  ),
  load(
    'an end beyond the head',
    rows(({ end }) => void (end['next'] = Number(end['next']) + 1)),
  ),
  load('pages of nothing without an end', async (exchange) => {
    const since = Number(exchange.asked.url.searchParams.get('since'));
    if (exchange.asked.before === 0)
      remembered = JSON.parse((await exchange.honest()).body.toString().trimEnd().split('\n').at(-1) ?? '') as PageEnd;
    const none = { dossiers: 0, photos: 0, tombstones: 0, dossier_bytes: 0, photo_bytes: 0 };
    const end = { ...remembered, ...none, since, next: since + 1, head: { ...remembered?.head, revision: since + 2 } };
    return { status: 200, headers: { 'content-type': 'application/vnd.dossier.rows-1' }, body: Buffer.from(`${JSON.stringify(end)}\n`) };
  }),
  load(
    'a row that is no dossier',
    rows(({ dossiers }) => firstOf(dossiers, () => 'x')),
  ),
  load(
    'a row with the end of data in it',
    rows(({ dossiers }) => firstOf(dossiers, () => String.raw`\.`)),
  ),
  load(
    'an identity in capitals',
    rows(({ dossiers }) => firstOf(dossiers, (row) => row.slice(0, 36).toUpperCase() + row.slice(36))),
  ),
  load(
    'a date that is none',
    rows(({ dossiers }) => firstOf(dossiers, (row) => row.replace(/\t\d{4}-/, '\tyesterday-'))),
  ),
  load(
    'meta nested a hundred times',
    rows(({ dossiers }) => firstOf(dossiers, (row) => row.replace(/[^\t]*$/, `{"a": ${'['.repeat(100)}${']'.repeat(100)}}`))),
  ),
  load(
    'one row twice',
    rows(({ dossiers }) => void dossiers.push(dossiers[0] ?? '')),
  ),
  load(
    'a photo of no dossier',
    rows(({ dossiers, photos }) => void photos.push(aPhoto(dossiers[0] ?? ''))),
  ),
  load(
    'a photo that the dossier does not name',
    rows(({ dossiers, photos }) => {
      firstOf(dossiers, (row) => row.replace(/\t0\t\\\\x\t/, `\t1\t\\\\x${'cd'.repeat(32)}\t`));
      photos.unshift(aPhoto(dossiers[0] ?? ''));
    }),
  ),
  load(
    'a tombstone that is none',
    rows(({ tombstones }) => void tombstones.push('everybody')),
  ),
  load(
    'a tombstone for a dossier of the page',
    rows(({ dossiers, tombstones }) => void tombstones.push((dossiers[0] ?? '').slice(0, 36))),
  ),
  load(
    'one row less',
    inBothForms(
      changedRows(({ dossiers }) => void dossiers.pop()),
      page((lines) => lines.slice(1)),
    ),
    'DIGEST_DIFFERS',
  ),
  load(
    'another name',
    inBothForms(
      changedRows(({ dossiers }) => firstOf(dossiers, (row) => row.replace('Person ', 'Person X'))),
      puts((put) => ({ ...put, name: 'X' })),
    ),
    'HASH_DIFFERS',
  ),
];

let remembered: PageEnd | null = null;

/** A lie in the fast form of a page alone: the readable one, which a slave asks for then, is honest. */
export const liesInRowsOnly: Lie = (exchange) =>
  exchange.asked.part === 'changes'
    ? inBothForms(
        changedRows(({ dossiers }) => void dossiers.pop()),
        ({ honest }) => honest(),
      )(exchange)
    : exchange.honest();

/** Every lie that a slave has to refuse. */
export const lies: readonly LieCase[] = [...onTheWire, ...inHeads, ...inPages, ...inDossiers, ...inComparisons, ...inRows];
