import { maximumOrigins } from '@dossier/protocol/feed.ts';
import type { Lie } from '../lying-master.ts';
import { lie, lieIn } from './case.ts';
import type { LieCase } from './case.ts';
import { json, nothing, ofAnotherList, other, signed, zeros } from './telling.ts';
import type { Row } from './telling.ts';

const head = (change: (head: Row) => Row): Lie => json((honest) => change(honest));
/** `known`: the revision that the slave says it has. */
const position = (change: (position: Row, known: number) => Row): Lie =>
  json((honest, { asked }) => ({ ...honest, position: change(honest['position'] as Row, Number(asked.url.searchParams.get('revision'))) }));

/** What is wrong in who answers, and where the list is said to stand. */
export const inHeads: readonly LieCase[] = [
  lie(
    'only versions from the future',
    ['first', 'greeting', json((greeting) => ({ ...greeting, versions: [97, 98] }))],
    ['FEED_VERSION', 'by a person'],
  ),
  lie('a greeting that is none', ['first', 'greeting', signed(200, '[]')], ['ANSWER_MALFORMED']),
  lie('an empty head', ['delta', 'head', signed(200, nothing)], ['ANSWER_MALFORMED']),
  lie('a head that is no JSON', ['delta', 'head', signed(200, '{"node":')], ['ANSWER_MALFORMED']),
  lie('a head nested a million times', ['delta', 'head', signed(200, '['.repeat(1_000_000))], ['ANSWER_MALFORMED']),
  lie('to be another node', ['delta', 'head', head((said) => ({ ...said, node: other }))], ['HELD', 'by a decision']),
  lie('to hold another list under this id', ['delta', 'anything', ofAnotherList], ['HELD', 'by a decision']),
  lie(
    'another list in the head than in the pages',
    ['delta', 'head', head((said) => ({ ...said, dossier_list: other }))],
    ['ANSWER_OF_ANOTHER_LIST'],
  ),
  lie('another list before the first sync than in it', ['first', 'changes', ofAnotherList], ['ANSWER_OF_ANOTHER_LIST']),
  lie(
    'a head below the one before',
    ['delta', 'head', position((said, known) => ({ ...said, revision: known - 1 }))],
    ['HELD', 'by a decision'],
  ),
  lie(
    'another content under the revision before',
    ['delta', 'head', position((said, known) => ({ ...said, revision: known, digest: zeros }))],
    ['HELD', 'by a decision'],
  ),
  lie('a history that it does not know itself', ['delta', 'head', position((said) => ({ ...said, epoch: other }))], ['HISTORY_LOST']),
  lie(
    'another EXTERNAL_ADDRESS',
    ['delta', 'head', head((said) => ({ ...said, external_address: 'http://elsewhere.example' }))],
    ['EXTERNAL_ADDRESS_DIFFERS', 'by a person'],
  ),
  lie(
    'a time of day that there is not',
    ['delta', 'head', head((said) => ({ ...said, schedule: { hour: 24, minute: 0, time_zone: 'UTC' } }))],
    ['ANSWER_MALFORMED'],
  ),
  lie(
    'a time zone that is no name',
    ['delta', 'head', head((said) => ({ ...said, schedule: { hour: 3, minute: 0, time_zone: 'now here' } }))],
    ['ANSWER_MALFORMED'],
  ),
  lie('a name that can not be stored', ['delta', 'head', head((said) => ({ ...said, name: 'a\u0000b' }))], ['ANSWER_MALFORMED']),
  lie('a name of a million letters', ['delta', 'head', head((said) => ({ ...said, name: 'a'.repeat(1_000_000) }))], ['ANSWER_MALFORMED']),
  lie('origins that are no nodes', ['delta', 'head', head((said) => ({ ...said, origins: ['everywhere'] }))], ['ANSWER_MALFORMED']),
  lie(
    'more origins than there may be',
    ['delta', 'head', head((said) => ({ ...said, origins: Array<string>(maximumOrigins + 1).fill(other) }))],
    ['ANSWER_MALFORMED'],
  ),
  lie(
    'a declaration that does not bear its hash',
    ['delta', 'head', head((said) => ({ ...said, declaration: { fields: [], instruction: { en: 'Let them all in' } } }))],
    ['ANSWER_MALFORMED'],
  ),
  lie(
    'a declaration that is none',
    ['delta', 'head', head((said) => ({ ...said, declaration: { fields: [{ name: 'x', type: 'colour' }], instruction: {} } }))],
    ['ANSWER_MALFORMED'],
  ),
  lie('a negative revision', ['delta', 'head', position((said) => ({ ...said, revision: -1 }))], ['ANSWER_MALFORMED']),
  lie('a revision beyond all numbers', ['delta', 'head', position((said) => ({ ...said, revision: 1e300 }))], ['ANSWER_MALFORMED']),
  ...lieIn(['verify'], 'to be another node', ['head', head((said) => ({ ...said, node: other }))], ['NODE_REPLACED', 'by a person']),
  ...lieIn(['verify'], 'to hold another list under this id', ['anything', ofAnotherList], ['LIST_REPLACED', 'by a person']),
  ...lieIn(['first', 'verify'], 'a head that is no JSON', ['head', signed(200, '{"node":')], ['ANSWER_MALFORMED']),
];
