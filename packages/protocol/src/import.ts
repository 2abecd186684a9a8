import { z } from 'zod';
import { looseBoolean } from './values.ts';

export const importFormats = ['jsonl', 'csv'] as const;

/** In an import file: a dossier without this bound of validity. A date that is left out or null says nothing, and what is known stays. */
export const noDate = 'none';

/** The query of `POST /dossier-lists/:id/import/`. */
export const importQuery = z.object({
  /** True: say what the import would do, and do nothing. */
  preview: looseBoolean.default(false),
  format: z.enum(importFormats).default('jsonl'),
});

/** What an import did, or, as a preview, would do. */
export const importReportSchema = z
  .looseObject({
    preview: z.boolean(),
    added: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    /** All refused lines; the first 1000 are below. */
    refused: z.int(),
    refusals: z.array(z.looseObject({ line: z.int(), reason: z.string() })),
  })
  .meta({ id: 'ImportReport' });
export type ImportReport = z.infer<typeof importReportSchema>;

/** The query of `GET /dossier-lists/:id/export/`. */
export const exportQuery = z.object({ format: z.enum(importFormats).default('jsonl') });
