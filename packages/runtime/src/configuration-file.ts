import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { LineCounter, parseDocument } from 'yaml';

/** What the file says, not yet checked against the schema. */
export interface ConfigurationFile {
  /** Absolute path, or null where there is no file. */
  readonly file: string | null;
  readonly entries: ReadonlyMap<string, unknown>;
  readonly faults: readonly string[];
}

export interface FileChoice {
  /** Named by the operator: it must be there. */
  readonly named: string | undefined;
  readonly workingDirectory: string;
}

const systemReasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  EISDIR: 'it is a folder',
};

/** Reads the file that was named, else `dossier.yaml` in the working directory if it is there. */
export function readConfigurationFile({ named, workingDirectory }: FileChoice): ConfigurationFile {
  const file = resolve(workingDirectory, named ?? 'dossier.yaml');
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (named === undefined && code === 'ENOENT') return { file: null, entries: new Map(), faults: [] };
    return { file, entries: new Map(), faults: [`${file}: cannot be read: ${systemReasons[code] ?? code}`] };
  }
  return parseFile(file, content);
}

function parseFile(file: string, content: string): ConfigurationFile {
  const lineCounter = new LineCounter();
  const document = parseDocument(content, { lineCounter, prettyErrors: false });
  // The parser's own messages quote the file, and so may quote a secret: only place and kind are told.
  const faults = [...document.errors, ...document.warnings].map(({ code, pos }) => {
    const { line, col } = lineCounter.linePos(pos[0]);
    return `${file}: line ${line}, column ${col}: not valid YAML (${code.toLowerCase().replaceAll('_', ' ')})`;
  });
  if (faults.length > 0) return { file, entries: new Map(), faults };

  let root: unknown;
  try {
    root = document.toJS({ maxAliasCount: 0, mapAsMap: false });
  } catch {
    return { file, entries: new Map(), faults: [`${file}: anchors and aliases (&, *) are not for this file; put the value into quotes`] };
  }
  if (root === null || root === undefined) return { file, entries: new Map(), faults: [] };
  if (typeof root !== 'object' || Array.isArray(root)) {
    return { file, entries: new Map(), faults: [`${file}: must be a map of keys and values, one "KEY: value" a line`] };
  }
  return { file, entries: new Map(Object.entries(root)), faults: [] };
}
