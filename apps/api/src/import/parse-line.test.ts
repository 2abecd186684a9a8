import { describe, expect, it } from 'vitest';
import { plainReading } from './columns.ts';
import { parseLine } from './parse-line.ts';
import { Survey } from './survey.ts';

const parse = (text: string, reading = plainReading) => parseLine(text, { reading, survey: new Survey() });

function faultOf(value: unknown): string {
  const parsed = parse(typeof value === 'string' ? value : JSON.stringify(value));
  return 'fault' in parsed ? parsed.fault : 'taken';
}

describe('a line', () => {
  it('needs a name and nothing else', () => {
    expect(parse('{"name":"Ada"}')).toEqual({
      externalId: null,
      name: 'Ada',
      comment: undefined,
      active: undefined,
      meta: undefined,
      photoPaths: undefined,
    });
  });

  it('may hold keys that are none of ours, which are kept as fields of their own', () => {
    const line = '{"name":"Ada","nationality":["x"],"meta.born":1815,"nothing":null,"empty":"","external_id":"a","id":5}';
    expect(parse(line)).toMatchObject({
      name: 'Ada',
      externalId: 'a',
      meta: undefined,
      extra: { nationality: ['x'], born: 1815, id: 5 },
    });
    expect(parse('{"name":"Ada","x":1}', { columns: {}, unknown: 'drop' })).toMatchObject({
      extra: undefined,
    });
    expect(parse('{"name":"Ada","__proto__":{"x":1}}')).toHaveProperty('extra', JSON.parse('{"__proto__":{"x":1}}'));
  });

  it('is left out, renamed or refused as people say and as it can be kept', () => {
    const reading = { columns: { person: 'name', born: 'meta.birth_date', remark: '' }, unknown: 'keep' } as const;
    const line = '{"person":"Ada","born":"1815","remark":"x"}';
    expect(parse(line, reading)).toMatchObject({ name: 'Ada', extra: { birth_date: '1815' } });
    expect(faultOf('{"name":"Ada","number":12345678901234567890}')).toBe(
      'number is a number that cannot be kept as it is written; put it in quotes, as a text',
    );
    expect(faultOf({ name: 'Ada', text: 'x'.repeat(600_000) })).toContain('as JSON');
  });

  it('is known by id where it has no external_id, and what the API computes is passed over', () => {
    expect(parse('{"name":"Ada","id":"Q7259"}')).toMatchObject({ externalId: 'Q7259', extra: undefined });
    const own = {
      id: 5,
      name: 'Ada',
      external_id: null,
      dossier_lists: [1],
      face_count: 0,
      has_faces: false,
      created_date: 'x',
      modified_date: 'y',
    };
    expect(parse(JSON.stringify(own))).toMatchObject({ externalId: null, extra: undefined });
  });

  it.each([
    ['', 'is no JSON object'],
    ['{"name":"Ada"', 'is not JSON'],
    ['[]', 'is no JSON object'],
    ['null', 'is no JSON object'],
    ['"text"', 'is no JSON object'],
    ['['.repeat(100_000), 'is no JSON object'],
    ['{"name":"Ada"}{"name":"Bob"}', 'holds several JSON objects'],
    [{ results: [{ name: 'Ada' }], next_page: null }, 'give the list "results" by itself'],
    [{}, 'name: is missing'],
    [{ name: '' }, 'name: must have at least 1 character'],
    [{ name: 5 }, 'name: '],
    [{ name: 'x'.repeat(257) }, 'name: must have at most 256 characters'],
    [{ name: 'a\u0000b' }, 'name: holds the character U+0000'],
    ['{"name":"\\ud800"}', 'name: holds half of a surrogate pair'],
    [{ name: 'Ada', comment: 'x'.repeat(10_001) }, 'comment: must have at most 10000 characters'],
    [{ name: 'Ada', comment: 7 }, 'comment: '],
    [{ name: 'Ada', active: 'yes' }, 'active: '],
    [{ name: 'Ada', meta: [1] }, 'meta: must be a JSON object'],
    [{ name: 'Ada', meta: { text: '\u0000' } }, 'meta: '],
    ['{"name":"Ada","meta":{"n":1e999}}', 'meta: '],
    [
      '{"name":"Ada","meta":{"papers":{"number":12345678901234567890}}}',
      'meta.papers.number is a number that cannot be kept as it is written',
    ],
    [{ name: 'Ada', meta: { text: 'x'.repeat(600_000) } }, 'meta: has 586 KB as JSON'],
    [{ name: 'Ada', external_id: 1.5 }, 'external_id: '],
    ['{"name":"Ada","external_id":9007199254740993}', 'external_id: '],
    [{ name: 'Ada', external_id: ['12'] }, 'external_id: '],
    [{ name: 'Ada', photos: 'a.jpg' }, 'photos: '],
    [{ name: 'Ada', photos: Array.from({ length: 501 }, () => 'a.jpg') }, 'photos: '],
  ])('is refused with its reason (%#)', (line, reason) => {
    expect(faultOf(line)).toContain(reason);
  });

  it.each([
    [{ external_id: 12 }, { externalId: '12' }],
    [{ external_id: '' }, { externalId: null }],
    [{ active: 1 }, { active: true }],
    [{ active: 'False' }, { active: false }],
    [{ active: '' }, { active: undefined }],
    [
      { valid_from: '', valid_until: null },
      { validFrom: undefined, validUntil: undefined },
    ],
    [
      { comment: '', photo: '' },
      { comment: '', photoPaths: undefined },
    ],
  ])('means what other writers mean by %j', (extra, meaning) => {
    expect(parse(JSON.stringify({ name: 'Ada', ...extra }))).toMatchObject({ name: 'Ada', ...meaning });
  });

  it('says what the whole set of photos is only if it names the key', () => {
    const photosOf = (extra: object): unknown => {
      const parsed = parse(JSON.stringify({ name: 'Ada', ...extra }));
      return 'fault' in parsed ? parsed.fault : parsed.photoPaths;
    };
    expect(photosOf({})).toBeUndefined();
    expect(photosOf({ photo: null })).toEqual([]);
    expect(photosOf({ photos: [] })).toEqual([]);
    expect(photosOf({ photo: 'a.jpg' })).toEqual(['a.jpg']);
    expect(photosOf({ photo: 'a.jpg', photos: ['b.jpg', 'a.jpg'] })).toEqual(['b.jpg', 'a.jpg']);
  });

  it('keeps odd keys of meta as they are', () => {
    const parsed = parse('{"name":"Ada","meta":{"__proto__":{"x":1},"":[null]}}');
    expect('meta' in parsed && JSON.stringify(parsed.meta)).toBe('{"__proto__":{"x":1},"":[null]}');
  });
});
