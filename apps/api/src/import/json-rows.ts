import { readElements } from './json-elements.ts';
import { parseLine } from './parse-line.ts';
import type { LineReader } from './parse-line.ts';
import type { ImportRow } from './rows.ts';

/** The rows of a JSON document: an array of objects, or objects one behind the other, over as many lines as it likes. */
export async function* readJsonRows(source: AsyncIterable<Uint8Array>, reader: LineReader): AsyncGenerator<ImportRow[]> {
  for await (const elements of readElements(source)) {
    yield elements.map((element): ImportRow => {
      const { number } = element;
      if ('fault' in element) return { number, characters: 0, parsed: { fault: element.fault }, given: () => '' };
      const { text } = element;
      return { number, characters: text.length, parsed: parseLine(text, reader), given: () => text };
    });
  }
}
