import { z } from 'zod';
import { idSchema, looseBoolean } from './values.ts';

/** Of an import file that is sent to a node, unpacked. */
export const maximumImportBytes = 128 * 1024 * 1024;

const formats = z.enum(['jsonl', 'csv']);

/** In an import file: a dossier without this bound of validity. A date that is left out or null says nothing, and what is known stays. */
export const noDate = 'none';

/** The query of `POST /dossier-lists/:id/import/`. */
export const importQuery = z.object({
  /** True: say what the import would do, and do nothing. */
  preview: looseBoolean.default(false),
  /** What the file is called. Its content counts first. */
  format: formats.optional(),
});

/** What an import did, or, as a preview, would do. */
export const importReportSchema = z
  .looseObject({
    preview: z.boolean(),
    /** Its number, by which it can be taken back: `POST /imports/{id}/undo/`. Null where nothing can: of a preview, where nothing was written, without a bin. */
    import: idSchema.nullable(),
    /** What the file was read as. */
    format: z.enum(['jsonl', 'json', 'csv']),
    added: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    /** All refused rows; the first 1000 are below. */
    refused: z.int(),
    /** `line`: where the row begins. */
    refusals: z.array(z.looseObject({ line: z.int(), reason: z.string() })),
  })
  .meta({ id: 'ImportReport' });
export type ImportReport = z.infer<typeof importReportSchema>;

/** The query of `GET /dossier-lists/:id/export/`. */
export const exportQuery = z.object({ format: formats.default('jsonl') });
