import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { FEED_CHALLENGE } from '@dossier/protocol/signature-base.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { lie, lieIn, wire } from './case.ts';
import type { LieCase } from './case.ts';
import { zstdBomb } from './bomb.ts';
import { brokenOff, dripping, earlyHints, endless, raw, replayed } from './pouring.ts';
import { bytes, nothing, signed, signedWrongly, unsigned } from './telling.ts';

const feedsOwn = { 'www-authenticate': FEED_CHALLENGE };

const bomb = bytes(() => zstdBomb(10), { 'content-encoding': 'zstd' });

/** What no knowledge of the feed is needed for: other answers than HTTP, than signed ones, than what was announced. */
export const onTheWire: readonly LieCase[] = [
  wire('a web page, without a signature', unsigned(200, { 'content-type': 'text/html' }, '<html>'), ['PROTOCOL_NOT_SPOKEN', 'by itself']),
  lie(
    'a web page, before anything was ever synced',
    ['first', 'anything', unsigned(200, {}, '<html>')],
    ['PROTOCOL_NOT_SPOKEN', 'by a person'],
  ),
  wire('a redirect', unsigned(302, { location: 'http://127.0.0.1:1/' }), ['REDIRECTED', 'by itself']),
  wire('a redirect that is signed', signed(307, '', { location: 'http://127.0.0.1:1/' }), ['REDIRECTED', 'by itself']),
  wire('401', unsigned(401, feedsOwn), ['TOKEN_REFUSED', 'by a person']),
  wire('401 of somebody else', unsigned(401, { 'www-authenticate': 'Basic realm="office"' }), ['PROTOCOL_NOT_SPOKEN', 'by itself']),
  wire('421, signed: for another node or name', signed(421), ['MISDIRECTED', 'by a person']),
  wire('401, an hour ahead', unsigned(401, { ...feedsOwn, date: new Date(Date.now() + 3_600_000).toUTCString() }), [
    'CLOCK_DIFFERS',
    'by a person',
  ]),
  wire('403, without a signature', unsigned(403), ['PROTOCOL_NOT_SPOKEN', 'by itself']),
  wire('403, signed', signed(403), ['ANSWER_UNEXPECTED', 'by itself']),
  wire('404, without a signature', unsigned(404), ['PROTOCOL_NOT_SPOKEN', 'by itself']),
  wire('404, signed: no such list', signed(404), ['NO_SUCH_LIST', 'by a person']),
  ...[408, 429, 500, 502, 503, 599].map((status) => wire(String(status), unsigned(status), ['MASTER_ERROR', 'by itself'])),
  wire('503, signed', signed(503), ['MASTER_ERROR', 'by itself']),
  wire('204, signed', signed(204, nothing), ['ANSWER_UNEXPECTED', 'by itself']),
  wire('206, signed', signed(206), ['ANSWER_UNEXPECTED', 'by itself']),
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
  wire('half of what it announced', brokenOff, ['ANSWER_TRUNCATED', 'by itself']),
  wire('an answer signed with another token', signedWrongly({ key: deriveSigningKey('another') }), ['ANSWER_FORGED', 'by itself']),
  wire('an answer signed for other bytes', signedWrongly({ sha256: 'a'.repeat(64) }), ['ANSWER_FORGED', 'by itself']),
  wire('an answer signed ten minutes ago', signedWrongly({ now: new Date(Date.now() - 600_000) }), ['CLOCK_DIFFERS', 'by a person']),
  wire('an answer that it gave before', replayed(), ['ANSWER_FORGED', 'by itself']),
  lie('"not modified" of what was not asked', ['full', 'head', signed(304, nothing, { etag: '"x"' })], ['ANSWER_FORGED']),
  lie('"not modified" of another entity tag', ['delta', 'head', signed(304, nothing, { etag: '"x"' })], ['ANSWER_FORGED']),
  ...lieIn(['empty', 'load', 'delta'], 'a page of 10 GB', ['changes', endless(10)], ['ANSWER_TOO_LARGE', 'by a person']),
  ...lieIn(['empty', 'load', 'delta'], 'a page without an end', ['changes', endless(null)], ['ANSWER_TOO_LARGE', 'by a person']),
  ...lieIn(['empty', 'load', 'delta'], 'a page that is 10 GB once unpacked', ['changes', bomb], ['ANSWER_TOO_LARGE', 'by a person']),
  ...lieIn(['empty', 'load'], 'an answer that it gave before', ['anything', replayed()], ['ANSWER_FORGED']),
  ...lieIn(['empty', 'load'], 'a page signed for other bytes', ['changes', signedWrongly({ sha256: 'a'.repeat(64) })], ['ANSWER_FORGED']),
  lie('a page in gzip', ['delta', 'changes', bytes((body) => gzipSync(body), { 'content-encoding': 'gzip' })], ['CODING_REFUSED']),
  lie(
    'a page in Brotli',
    ['delta', 'changes', bytes((body) => brotliCompressSync(body), { 'content-encoding': 'br' })],
    ['CODING_REFUSED'],
  ),
  lie(
    'a page packed twice',
    ['delta', 'changes', bytes((body) => zstdCompressSync(zstdCompressSync(body)), { 'content-encoding': 'zstd, zstd' })],
    ['CODING_REFUSED'],
  ),
  ...lieIn(['verify'], 'a tree of 10 GB', ['tree', endless(10)], ['ANSWER_TOO_LARGE', 'by a person']),
  ...lieIn(['verify'], 'a tree that is 10 GB once unpacked', ['tree', bomb], ['ANSWER_TOO_LARGE', 'by a person']),
  ...lieIn(['verify'], 'a tree without an end', ['tree', endless(null)], ['ANSWER_TOO_LARGE', 'by a person']),
  ...lieIn(['verify'], 'an answer that it gave before', ['anything', replayed()], ['ANSWER_FORGED']),
  ...lieIn(['verify'], 'a tree signed for other bytes', ['tree', signedWrongly({ sha256: 'a'.repeat(64) })], ['ANSWER_FORGED']),
  ...lieIn(['verify'], 'half of the tree that it announced', ['tree', brokenOff], ['ANSWER_TRUNCATED']),
  ...lieIn(['verify'], 'nothing, and waits', ['tree', () => 'sent'], ['MASTER_TIMEOUT']),
];
