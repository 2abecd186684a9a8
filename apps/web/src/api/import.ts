import { useMutation, useQueryClient } from '@tanstack/react-query';
import { importReportSchema } from '@dossier/protocol/import.ts';
import type { ImportReport } from '@dossier/protocol/import.ts';
import { keys } from './keys.ts';
import { send } from './request.ts';

export interface ImportRequest {
  readonly list: number;
  readonly file: File;
  readonly format: 'jsonl' | 'csv';
  /** True: nothing is done, only said what would be. */
  readonly preview: boolean;
}

/** Puts the dossiers of a file into a list, or says what that would do. */
export function useImport() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ list, file, format, preview }: ImportRequest): Promise<ImportReport> =>
      send(importReportSchema, ['POST', `/dossier-lists/${list}/import/`], {
        query: { preview, format },
        // A type of its own, as browsers guess it from the file's name.
        body: new Blob([file]),
        headers: { 'content-type': format === 'csv' ? 'text/csv' : 'application/x-ndjson' },
      }),
    async onSuccess(report) {
      if (report.preview) return;
      await Promise.all([keys.dossiers, keys.watchLists].map((queryKey) => client.invalidateQueries({ queryKey })));
    },
  });
}
