import { useMutation, useQueryClient } from '@tanstack/react-query';
import { importReportSchema } from '@dossier/protocol/import.ts';
import type { ImportReport } from '@dossier/protocol/import.ts';
import { keys } from './keys.ts';
import { send } from './request.ts';

export interface ImportRequest {
  readonly list: number;
  readonly file: File;
  /** True: nothing is done, only said what would be. */
  readonly preview: boolean;
}

/** Puts the dossiers of a file into a list, or says what that would do. */
export function useImport() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ list, file, preview }: ImportRequest): Promise<ImportReport> =>
      send(importReportSchema, ['POST', `/dossier-lists/${list}/import/`], {
        query: { preview },
        body: new Blob([file]),
        // What a browser guesses of the name may be anything; the node looks at the content.
        headers: { 'content-type': /\.[ct]sv(\.gz)?$/i.test(file.name) ? 'text/csv' : 'application/octet-stream' },
      }),
    async onSuccess(report) {
      if (report.preview) return;
      await Promise.all([keys.dossiers, keys.watchLists].map((queryKey) => client.invalidateQueries({ queryKey })));
    },
  });
}
