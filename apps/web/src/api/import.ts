import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { importColumnsSchema, importEntrySchema, importReportSchema } from '@dossier/protocol/import.ts';
import type { DelimiterName, ImportReport } from '@dossier/protocol/import.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { keys } from './keys.ts';
import { read, send } from './request.ts';
import { upload } from './upload.ts';

/** How a file is to be read. */
export interface FileReading {
  readonly encoding?: string | undefined;
  readonly delimiter?: DelimiterName | undefined;
  /** What columns become, by their names, where that isn't what their names say. */
  readonly columns: Readonly<Record<string, string>>;
  readonly unknown: 'keep' | 'drop';
}

/** Photos that go along: by their paths, or zips of them. */
export interface ImportPhoto {
  readonly path: string;
  readonly file: Blob;
}

export interface ImportedFile {
  /** Different for each file that was chosen. */
  readonly key: number;
  readonly name: string;
  readonly content: Blob;
}

export interface ImportRequest {
  readonly list: number;
  readonly file: ImportedFile;
  readonly photos: readonly ImportPhoto[];
  readonly reading: FileReading;
  /** True: nothing is done, only said what would be. */
  readonly preview: boolean;
  readonly uuid?: string;
  readonly signal?: AbortSignal;
  readonly onProgress: (part: number) => void;
}

/** Enough of a file to see its columns. */
const headBytes = 256 * 1024;
const askAgainMs = 1000;
const pageSize = 50;

function queryOf({ encoding, delimiter, columns, unknown }: FileReading) {
  return { encoding, delimiter, unknown, columns: Object.keys(columns).length === 0 ? undefined : JSON.stringify(columns) };
}

/** What a browser guesses of the name may be anything; the node looks at the content. */
function typeOf(name: string): string {
  return /\.[ct]sv(\.gz)?$/i.test(name) ? 'text/csv' : 'application/octet-stream';
}

/** What the columns of a file are taken for. */
export function useColumns({ list, file, reading }: { list: number; file: ImportedFile; reading: FileReading }) {
  return useQuery({
    queryKey: keys.importColumns(list, file.key, reading),
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    placeholderData: (before) => before,
    queryFn: () =>
      send(importColumnsSchema, ['POST', `/dossier-lists/${list}/import/columns/`], {
        query: queryOf(reading),
        body: file.content.slice(0, headBytes),
        headers: { 'content-type': typeOf(file.name) },
      }),
  });
}

/** Puts the dossiers of a file into a list, or says what that would do. */
export function useImport() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ list, file, photos, reading, preview, uuid, signal, onProgress }: ImportRequest): Promise<ImportReport> =>
      upload(importReportSchema, `/dossier-lists/${list}/import/`, {
        query: { ...queryOf(reading), preview, file: preview ? undefined : file.name.slice(0, 256), import: uuid },
        ...bodyOf(file, photos),
        signal,
        onProgress,
      }),
    async onSettled(_report, _error, { preview }) {
      if (preview) return;
      await Promise.all([keys.dossiers, keys.watchLists, keys.imports].map((queryKey) => client.invalidateQueries({ queryKey })));
    },
  });
}

/** Nothing is read into memory: the browser sends files from where they are. */
function bodyOf(file: ImportedFile, photos: readonly ImportPhoto[]): { body: Blob | FormData; headers?: Record<string, string> } {
  if (photos.length === 0) return { body: new Blob([file.content]), headers: { 'content-type': typeOf(file.name) } };
  const form = new FormData();
  form.append('file', file.content, file.name);
  for (const { path, file: photo } of photos) form.append('photos', photo, path);
  return { body: form };
}

/** How far an import is that was begun here; null while the node hasn't begun with it. */
export function useImportProgress(uuid: string, { enabled }: { enabled: boolean }) {
  return useQuery({
    enabled,
    queryKey: [...keys.imports, uuid],
    retry: false,
    refetchInterval: askAgainMs,
    queryFn: ({ signal }) => read(importEntrySchema, `/imports/${uuid}/`, { signal }).catch(() => null),
  });
}

/** What was imported, newest first, page after page. */
export function useImports(list: number | undefined) {
  return useInfiniteQuery({
    queryKey: [...keys.imports, 'pages', list ?? 'all'],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      read(pageOf(importEntrySchema), '/imports/', { query: { dossier_list: list, page: pageParam, limit: pageSize }, signal }),
    getNextPageParam: (page) => page.next_page,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.results.some((entry) => entry.state === 'running')) ? askAgainMs : false,
  });
}
