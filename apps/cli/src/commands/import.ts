import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { delimiters, targetFault } from '@dossier/protocol/import.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import { parseId } from '../arguments.ts';
import { configurationOf } from '../context.ts';
import type { Context } from '../context.ts';
import type { Target } from '../import/run-import.ts';

interface ImportOptions {
  name?: string;
  photos?: string;
  encoding?: string;
  delimiter?: string;
  column?: Record<string, string>;
  dropUnknown?: boolean;
  refused?: string;
  dryRun?: boolean;
  json?: boolean;
}

/** `dossier import LIST FILE`, `dossier import FILE --name NAME` */
export function addImport(program: Command, context: Context): void {
  const command = program
    .command('import')
    .description('imports dossiers (JSON Lines, JSON or CSV) into a watch list of this host')
    .usage('[options] LIST FILE\n       dossier import [options] --name NAME FILE')
    .argument('[list]', 'id of the watch list; left out with --name')
    .argument('[file]', 'the file, - for standard input')
    .option('--name <name>', 'make a new watch list of this name')
    .option('--photos <dir>', 'folder or zip that the paths in "photo" and "photos" start from')
    .option('--encoding <label>', 'how the file is written, as windows-1251; found out without, if it is UTF-8 or UTF-16')
    .option('--delimiter <character>', 'what separates the fields of a CSV file: , ; | or tab; found out without', parseDelimiter)
    .option('--column <name=field>', 'what the column NAME is: a field, meta.KEY, or nothing, to leave it out; may be repeated', addColumn)
    .option('--drop-unknown', 'leave out columns (in JSON: keys) that are no field of a dossier, instead of keeping them in meta')
    .option('--refused <file>', 'write the refused lines and why they were refused to FILE, to be corrected and imported')
    .option('--dry-run', 'change nothing, say what the import would do')
    .option('--json', 'print the report as JSON, with the first 1000 refused lines')
    .addHelpText(
      'after',
      `
The file's content says what it is: one JSON object a line, a JSON array of them, or CSV whose header names the column
"name"; in UTF-8 or UTF-16, packed by gzip or Zstandard or not.
A zip of such a file and the photos that it names works, too.
Keys of a line: name (required), external_id (without one: id), comment, active, valid_from, valid_until, meta, photo,
photos; others are named and kept in meta. An external_id that the list knows is updated; one that only other lists know is somebody else, and no other
list is touched. What a line leaves out, or says null of, keeps its value. photo or photos, where given
(also null or []), is the whole set of the dossier's photos. A line without external_id is a new dossier each time.
Lines are written in batches, each whole or not at all, so an interrupted import can simply be run again.
Exit code 1 if lines were refused; the others are imported then.`,
    )
    .action(async (first: string | undefined, second: string | undefined, options: ImportOptions) => {
      const target = targetOf(first, second, options.name);
      const { configuration } = configurationOf(command, context);
      // Loaded when needed, with PostgreSQL, image and storage libraries: other commands start faster without.
      const { runImport } = await import('../import/run-import.ts');
      const { photos, encoding, delimiter, column: columns = {}, dropUnknown = false, refused, dryRun = false, json = false } = options;
      if (dryRun && target.name !== null) throw new ExitError(2, '--dry-run needs LIST: a new watch list has nobody to compare with.');
      if (dryRun && refused !== undefined) throw new ExitError(2, '--dry-run writes no file; leave out --refused.');
      const reading = { columns, unknown: dropUnknown ? 'drop' : 'keep' } as const;
      const { workingDirectory } = context;
      await runImport({ target, photos, encoding, delimiter, reading, refused, dryRun, json, configuration, workingDirectory });
    });
}

function targetOf(first: string | undefined, second: string | undefined, name: string | undefined): Target {
  if (first === undefined) throw new ExitError(2, 'LIST and FILE are missing.', { remedy: '"dossier import --help" says how.' });
  if (name !== undefined) {
    if (second !== undefined) throw new ExitError(2, 'Give either LIST or --name: a new watch list has no id yet.');
    const length = Array.from(name).length;
    if (length < 1 || length > 256) throw new ExitError(2, '--name must have 1 to 256 characters.');
    return { listId: null, name, file: first };
  }
  if (second === undefined)
    throw new ExitError(2, 'LIST or FILE is missing.', {
      remedy: 'Give the id of a watch list before the file, or make a new one with --name NAME.',
    });
  try {
    return { listId: parseId(first), name: null, file: second };
  } catch {
    throw new ExitError(2, `LIST ${JSON.stringify(first)} is no id.`, {
      remedy: 'Give the id of a watch list, or make a new one with --name NAME.',
    });
  }
}

function parseDelimiter(text: string): string {
  const delimiter = text === 'tab' || text === String.raw`\t` ? '\t' : text;
  if (!Object.values<string>(delimiters).includes(delimiter)) throw new InvalidArgumentError('It is one of , ; | tab.');
  return delimiter;
}

function addColumn(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new InvalidArgumentError('It is NAME=FIELD.');
  const target = text.slice(at + 1);
  const fault = targetFault(target);
  if (fault !== null) throw new InvalidArgumentError(`The field ${fault}.`);
  return { ...before, [text.slice(0, at)]: target };
}
