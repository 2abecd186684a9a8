import { describe, expect, it } from 'vitest';
import { questionOf, tierQuery } from './question.ts';
import type { Tier } from './question.ts';

function queryOf(tier: Tier, text: string): string {
  return tierQuery(tier, questionOf(text), { sets: null, similar: new Map() });
}

describe('an article of Arabic that was typed', () => {
  it('is needed as any other word, for it may be a name', () => {
    expect(queryOf('name', 'Al Smith')).toBe(`('al' | 'alsmith') & ('smith' | 'alsmith')`);
    expect(queryOf('name', 'Kim Jong Il')).toMatch(/& \('il' \| 'jongil'/);
  });

  it('may be missing where what was typed was not meant literally', () => {
    expect(queryOf('similar', 'al-rashid')).toMatch(/^\('rashid':\*[^&]*\)$/);
  });

  it('is looked for where there is nothing else', () => {
    expect(queryOf('similar', 'el')).toBe(`('el':* | '.el')`);
  });
});

describe('words that are written as one', () => {
  it('are found by an article and a name', () => {
    expect(queryOf('name', 'el sayed')).toBe(`('el' | 'elsayed') & ('sayed' | 'saied' | 'elsayed')`);
  });

  it('are found by names around an article', () => {
    expect(queryOf('name', 'Abd al Rahman')).toBe(
      `('abd' | 'abdal' | 'abdalrahman') & ('al' | 'abdal' | 'abdalrahman' | 'alrahman') & ('rahman' | 'abdalrahman' | 'alrahman')`,
    );
  });
});

describe('a long text', () => {
  const syllables = ['ba', 'de', 'fi', 'go', 'ku'];
  const long = Array.from({ length: 80 }, (_, number) => `${syllables[number % 5]}${syllables[Math.floor(number / 5) % 5]}n`);

  it('is looked for by its first words, however they are set apart', () => {
    for (const mark of [' ', '-']) {
      const { words } = questionOf(long.join(mark));
      expect(words.map(({ word }) => word.forms[0])).toEqual(long.slice(0, 16));
    }
    expect(queryOf('similar', long.join('-')).length).toBeLessThan(3000);
  });

  it('has a term of each of its words looked up', () => {
    expect(questionOf(long.join(' ')).terms).toEqual(long.slice(0, 16));
    expect(questionOf('張偉 李娜 王芳').terms).toEqual(expect.arrayContaining(['zhangwei', 'lina', 'wangfang']));
  });
});
