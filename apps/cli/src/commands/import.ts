import type { Command } from 'commander';
import { ExitError } from '@dossier/runtime/errors.ts';
import { parseId } from '../arguments.ts';
import { configurationOf } from '../context.ts';
import type { Context } from '../context.ts';
import type { Target } from '../import/run-import.ts';

interface ImportOptions {
  name?: string;
  photos?: string;
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
    .option('--photos <dir>', 'folder that the paths in "photo" and "photos" start from')
    .option('--json', 'print the report as JSON, with the first 1000 refused lines')
    .addHelpText(
      'after',
      `
The file's content says what it is: one JSON object a line, a JSON array of them, or CSV whose header names the column
"name"; in UTF-8 or UTF-16, packed by gzip or Zstandard or not.
Keys of a line: name (required), external_id, comment, active, valid_from, valid_until, meta, photo, photos; others are
passed over. An external_id that the list knows is updated; one that only other lists know is somebody else, and no other
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
      const { photos, json = false } = options;
      await runImport({ target, photos, json, configuration, workingDirectory: context.workingDirectory });
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
