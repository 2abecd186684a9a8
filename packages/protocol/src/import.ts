import { z } from 'zod';
import { dossierQuery, pageQuery } from './queries.ts';
import { idParameter, idSchema, looseBoolean, text, timeSchema } from './values.ts';

/** Of an import file that is sent to a node, unpacked, without photos. */
export const maximumImportBytes = 512 * 1024 * 1024;
/** Of a file with photos, as a form or a zip. */
export const maximumUploadBytes = 4 * 1024 * 1024 * 1024;

const formats = z.enum(['jsonl', 'csv']);

/** The fields of a dossier that a column of an import file can be; besides `meta.KEY`. */
export const importTargets = ['external_id', 'name', 'comment', 'active', 'valid_from', 'valid_until', 'meta', 'photo', 'photos'] as const;

/** Files of people in a zip, by their names. */
export const peopleFileNames = /\.(jsonl|ndjson|json|csv|tsv|tab|txt)(\.gz|\.zst)?$/i;

/** What macOS and Windows put beside the files of people. */
export function isFileOfSystem(path: string): boolean {
  return /(^|\/)(__MACOSX\/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)/i.test(path);
}

/** In an import file: a dossier without this bound of validity. A date that is left out or null says nothing, and what is known stays. */
export const noDate = 'none';

export const delimiters = { comma: ',', semicolon: ';', tab: '\t', bar: '|' } as const;
export const delimiterNames = ['comma', 'semicolon', 'tab', 'bar'] as const;
export type DelimiterName = (typeof delimiterNames)[number];

/** Why something can't be what a column becomes, or null. */
export function targetFault(target: string): string | null {
  if (target === '' || (importTargets as readonly string[]).includes(target)) return null;
  return target.startsWith('meta.') && target.length > 'meta.'.length
    ? null
    : `must be one of ${importTargets.join(', ')}, meta.KEY or empty`;
}

const columnsSchema = z
  .record(z.string().max(1000), z.string().max(1000))
  .refine((columns) => Object.values(columns).every((to) => targetFault(to) === null), {
    error: `columns must become one of ${importTargets.join(', ')}, meta.KEY, or nothing (an empty text)`,
  });

/** A JSON object in a query. */
const columnsText = z
  .string()
  .transform((value, context) => {
    try {
      return JSON.parse(value) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'must be a JSON object: names of columns and what they become' });
      return z.NEVER;
    }
  })
  .pipe(columnsSchema)
  .meta({
    override: { type: 'string' },
    description: 'A JSON object: of columns (keys) what they become, as {"born": "meta.birth_date", "remark": ""}',
  });

/** How a file is read, where its content doesn't say it. */
const readingQuery = {
  /** What the file is called. Its content counts first. */
  format: formats.optional(),
  encoding: text(40, 1)
    .optional()
    .meta({ description: 'A label of the Encoding Standard, as windows-1251; the mark of a byte order counts first' }),
  delimiter: z.enum(delimiterNames, `must be one of ${delimiterNames.join(', ')}`).optional(),
  columns: columnsText.optional(),
  unknown: z
    .enum(['keep', 'drop'], 'must be keep or drop')
    .default('keep')
    .meta({ description: 'What becomes of columns that are no field of a dossier: kept in `meta`, or left out' }),
};

/** The query of `POST /dossier-lists/:id/import/`. */
export const importQuery = z.object({
  ...readingQuery,
  /** True: say what the import would do, and do nothing. */
  preview: looseBoolean.default(false),
  file: text(256, 1).optional().meta({ description: 'How the file is called, for the history of imports' }),
  import: z.uuid().optional().meta({ description: 'The uuid of the import, to follow it; made up without. The same one twice is refused' }),
});

/** The query of `POST /dossier-lists/:id/import/columns/`. */
export const importColumnsQuery = z.object(readingQuery);

const columnSchema = z.looseObject({
  /** As the file has it; what has no name is called by its place. */
  name: z.string(),
  /** A field of a dossier, `meta.KEY`, or empty where it is left out. */
  as: z.string(),
  /** False: no field of a dossier, and nobody said what it is. */
  known: z.boolean(),
  /** How many rows hold something in it. */
  rows: z.int(),
});

const doubtSchema = z.looseObject({
  count: z.int(),
  /** The first 100. `first`: the row in which the same id stood before. */
  rows: z.array(z.looseObject({ line: z.int(), external_id: z.string(), first: z.int().optional() })),
});

/** Rows without external id of whom the list has one of the same name, dates and fields already: they would be there twice. The first 100. */
const doublesSchema = z.looseObject({ count: z.int(), rows: z.array(z.looseObject({ line: z.int(), name: z.string() })) });

/** What an import did, or, as a preview, would do. */
export const importReportSchema = z
  .looseObject({
    preview: z.boolean(),
    /** Null for a preview. */
    import: z.uuid().nullable(),
    /** Whether it can be taken back: `POST /imports/{import}/undo/`. */
    can_be_taken_back: z.boolean(),
    /** What the file was read as. */
    format: z.enum(['jsonl', 'json', 'csv']),
    encoding: z.string(),
    delimiter: z.enum(delimiterNames).nullable(),
    columns: z.array(columnSchema),
    added: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    /** All refused rows; the first 1000 are below. */
    refused: z.int(),
    /** `line`: where the row begins. */
    refusals: z.array(z.looseObject({ line: z.int(), reason: z.string() })),
    /** External ids that look as if a spreadsheet had rounded them (1.23E+15), and those that stand in several rows, of which the last counts; of a preview, which alone looks for them, also people whom the list would have twice. */
    warnings: z.looseObject({ scientific_ids: doubtSchema, repeated_ids: doubtSchema, doubles: doublesSchema.optional() }),
  })
  .meta({ id: 'ImportReport' });
export type ImportReport = z.infer<typeof importReportSchema>;

/** What a file, or its beginning, is seen to be. */
export const importColumnsSchema = z
  .looseObject({
    format: z.enum(['jsonl', 'json', 'csv']),
    encoding: z.string(),
    delimiter: z.enum(delimiterNames).nullable(),
    /** Rows that were looked at. */
    rows: z.int(),
    columns: z.array(columnSchema.extend({ samples: z.array(z.string()) })),
    /** Rows that can't be read as they are. */
    refusals: z.array(z.looseObject({ line: z.int(), reason: z.string() })),
    warnings: z.looseObject({ scientific_ids: doubtSchema, repeated_ids: doubtSchema }),
  })
  .meta({ id: 'ImportColumns' });
export type ImportColumns = z.infer<typeof importColumnsSchema>;

/** An import that was done, or is under way. */
export const importEntrySchema = z
  .looseObject({
    import: z.uuid(),
    /** The entry of the audit that says that it was begun. */
    audit: z.int(),
    dossier_list: z.looseObject({ id: idSchema, uuid: z.uuid(), name: z.string() }),
    actor: z.string(),
    via: z.string(),
    file: z.string().nullable(),
    /** How the file was read. */
    reading: z.record(z.string(), z.unknown()),
    state: z.enum(['running', 'done', 'broken-off']),
    started_date: timeSchema,
    /** When a batch was written last, or it ended. */
    heard_date: timeSchema,
    lines: z.int(),
    added: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    refused: z.int(),
    scientific_ids: z.int(),
    repeated_ids: z.int(),
    /** Refused rows that are kept, for a month and at most 10,000: see `refused/`. */
    kept_refusals: z.int(),
    /** Whether it can be taken back: `POST /imports/{import}/undo/`. */
    can_be_taken_back: z.boolean(),
  })
  .meta({ id: 'Import' });
export type ImportEntry = z.infer<typeof importEntrySchema>;

export const importsQuery = pageQuery.extend({
  dossier_list: idParameter('a watch list').optional(),
});

/** The query of `GET /dossier-lists/:id/export/`. */
export const exportQuery = z.object({ format: z.enum(['jsonl', 'csv', 'zip'], 'must be jsonl, csv or zip').default('jsonl') });

/** The query of `GET /dossiers/export/`: what `GET /dossiers/` takes, but for pages. */
export const dossierExportQuery = dossierQuery.omit({ limit: true, page: true }).extend({ format: formats.default('jsonl') });

/** So many dossiers one export names. */
const mostExported = 50_000;

/** The body of `POST /dossiers/export/`. */
export const selectionExport = z
  .strictObject({
    dossiers: z
      .array(idSchema)
      .min(1, 'must name at least one dossier')
      .max(mostExported, `must name at most ${mostExported} dossiers; what a filter finds is exported by GET /dossiers/export/`),
    format: formats.default('jsonl'),
  })
  .meta({ id: 'DossierExport' });

/** The query of `GET /audit/export/`. */
export const auditExportFormat = formats.default('jsonl');
