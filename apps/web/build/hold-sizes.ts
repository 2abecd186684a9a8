import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

/** Bytes after gzip that a visitor's browser loads at most: before the first page is seen, and for each page that comes later. */
const limits = { initial: 300_000, lazy: 130_000, styles: 45_000 };

const text = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;

/** Writes every asset also compressed, prints what visitors load, and fails the build when that is more than it may be. */
export function holdSizes(): Plugin {
  return {
    name: 'hold-sizes',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const sizes = new Map<string, number>();
        for (const [name, file] of Object.entries(bundle)) {
          if (!/\.(js|css|svg)$/.test(name)) continue;
          const source = file.type === 'chunk' ? file.code : file.source;
          const compressed = gzipSync(source, { level: 9 });
          sizes.set(name, compressed.byteLength);
          this.emitFile({ type: 'asset', fileName: `${name}.gz`, source: compressed });
        }
        const faults = judge(bundle, sizes, (line) => this.info(line));
        if (faults.length > 0) this.error(faults.join(' '));
      },
    },
  };
}

function judge(bundle: Rolldown.OutputBundle, sizes: ReadonlyMap<string, number>, say: (line: string) => void): string[] {
  const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
  const initial = initialChunks(chunks);
  const sum = (names: Iterable<string>): number => [...names].reduce((total, name) => total + (sizes.get(name) ?? 0), 0);
  const styles = Object.keys(bundle).filter((name) => name.endsWith('.css'));
  const faults: string[] = [];
  const hold = (what: string, bytes: number, limit: number): void => {
    say(`${what}: ${text(bytes)} gzipped of at most ${text(limit)}`);
    if (bytes > limit) faults.push(`${what} is ${text(bytes)} gzipped, more than ${text(limit)}.`);
  };
  hold('initial JavaScript', sum(initial), limits.initial);
  hold('styles', sum(styles), limits.styles);
  const lazy = chunks.map(({ fileName }) => fileName).filter((name) => !initial.has(name));
  const [largest] = lazy.toSorted((a, b) => sum([b]) - sum([a]));
  if (largest !== undefined) hold(`the largest of ${lazy.length} lazy chunks, ${largest},`, sum([largest]), limits.lazy);
  return faults;
}

/** What the entry needs before anything is shown: itself and all that it imports statically. */
function initialChunks(chunks: readonly Rolldown.OutputChunk[]): Set<string> {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const found = new Set<string>();
  const follow = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    for (const next of byName.get(name)?.imports ?? []) follow(next);
  };
  for (const chunk of chunks) if (chunk.isEntry) follow(chunk.fileName);
  return found;
}
