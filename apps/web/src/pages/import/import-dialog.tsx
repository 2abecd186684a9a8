import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { maximumImportBytes, maximumUploadBytes } from '@dossier/protocol/import.ts';
import type { ImportReport as Report } from '@dossier/protocol/import.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useImport } from '../../api/import.ts';
import type { FileReading, ImportPhoto } from '../../api/import.ts';
import { Dialog } from '../../components/dialog.tsx';
import { ListSelect } from '../../components/list-select.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { TakeBackButton } from '../dossiers/take-back-button.tsx';
import type { Chosen } from './chosen-files.ts';
import { takeFile } from './chosen-files.ts';
import { FileStep } from './file-step.tsx';
import { ImportProgress } from './import-progress.tsx';
import { ImportReport } from './import-report.tsx';
import { Mapping } from './mapping.tsx';

interface ImportDialogProps {
  readonly lists: readonly WatchList[];
  readonly preset?: number;
  readonly onClose: () => void;
}

const plainReading: FileReading = { columns: {}, unknown: 'keep' };

/** Reads a file's dossiers into a list: first its columns are shown, then what would change, then it is done. */
export function ImportDialog({ lists, preset, onClose }: ImportDialogProps) {
  const { t } = useTranslation();
  const [list, setList] = useState(preset ?? lists[0]?.id ?? 0);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [photos, setPhotos] = useState<readonly ImportPhoto[]>([]);
  const [reading, setReading] = useState(plainReading);
  const [fault, setFault] = useState<string | null>(null);
  const job = useJob();
  useStayWhile(job.isRunning);
  const { isRunning, done } = job;
  const sent = chosen === null ? [] : [...chosen.photos, ...photos];
  const isTooLarge =
    chosen !== null &&
    (chosen.file.content.size > maximumImportBytes || sent.reduce((sum, { file }) => sum + file.size, 0) > maximumUploadBytes);
  // What was said before was of something else.
  const change = (make: () => void): void => {
    job.forget();
    make();
  };
  const look = (file: File): void => {
    change(() => setFault(null));
    setReading(plainReading);
    setPhotos([]);
    takeFile(file).then(setChosen, () => {
      setChosen(null);
      setFault(t('imports.noPeople'));
    });
  };
  const start = (preview: boolean): void => {
    if (chosen !== null) job.start({ list, file: chosen.file, photos: sent, reading, preview });
  };
  return (
    <Dialog title={t('imports.title')} size="xl" onClose={isRunning ? job.stop : onClose}>
      <Stack>
        <ListSelect
          label={t('imports.list')}
          lists={lists}
          value={list}
          onChange={(into = list) => change(() => setList(into))}
          disabled={isRunning || done}
        />
        {!done && !isRunning && (
          <FileStep chosen={chosen} photos={photos} onFile={look} onPhotos={(taken) => change(() => setPhotos(taken))} />
        )}
        {isTooLarge && (
          <Alert color="red">
            {t('imports.tooLarge', { megabytes: maximumImportBytes / 1024 / 1024, gigabytes: maximumUploadBytes / 1024 / 1024 / 1024 })}
          </Alert>
        )}
        {fault !== null && <ProblemAlert error={fault} />}
        {chosen !== null && !done && !isTooLarge && (
          <Mapping
            list={list}
            file={chosen.file}
            reading={reading}
            onChange={(next) => change(() => setReading(next))}
            disabled={isRunning}
            onReady={job.setReady}
          />
        )}
        <ProblemAlert error={job.error} />
        <div role="status">
          {isRunning && <ImportProgress uuid={job.uuid} part={job.part} />}
          {isRunning && job.uuid !== null && (
            <Text size="sm" c="dimmed" mt={4}>
              {t('imports.stay')}
            </Text>
          )}
          {job.report !== null && <ImportReport report={job.report} />}
          {done && job.report?.import != null && job.report.can_be_taken_back && <TakeBackButton id={job.report.import} onDone={onClose} />}
        </div>
        <Group justify="flex-end">
          <Button variant="default" onClick={isRunning ? job.stop : onClose}>
            {t(isRunning ? 'imports.stop' : done ? 'common.close' : 'common.cancel')}
          </Button>
          {!done && job.report === null && (
            <Button disabled={chosen === null || isTooLarge || !job.isReady} loading={isRunning} onClick={() => start(true)}>
              {t('imports.check')}
            </Button>
          )}
          {!done && job.report !== null && <RunButton report={job.report} busy={isRunning} onRun={() => start(false)} />}
        </Group>
      </Stack>
    </Dialog>
  );
}

function RunButton({ report, busy, onRun }: { report: Report; busy: boolean; onRun: () => void }) {
  const { t } = useTranslation();
  const changes = report.added + report.changed;
  return (
    <Button disabled={changes === 0} loading={busy} onClick={onRun}>
      {t('imports.run', { count: changes })}
    </Button>
  );
}

type Task = Omit<Parameters<ReturnType<typeof useImport>['mutate']>[0], 'signal' | 'onProgress' | 'uuid'>;

/** The check or the import that is under way, and what came of the last one. */
function useJob() {
  const sending = useImport();
  const [part, setPart] = useState(0);
  const [uuid, setUuid] = useState<string | null>(null);
  const [isReady, setReady] = useState(false);
  const stopped = useRef(new AbortController());
  const report = sending.data ?? null;
  return {
    part,
    uuid,
    isReady,
    setReady,
    report,
    done: report !== null && !report.preview,
    isRunning: sending.isPending,
    error: sending.error instanceof DOMException ? null : sending.error,
    start(task: Task): void {
      stopped.current = new AbortController();
      const made = task.preview ? null : newUuid();
      setUuid(made);
      setPart(0);
      sending.mutate({ ...task, ...(made !== null && { uuid: made }), signal: stopped.current.signal, onProgress: setPart });
    },
    stop: (): void => stopped.current.abort(),
    forget: sending.reset,
  };
}

/** crypto.randomUUID is there only where the connection is encrypted. */
function newUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes]
    .map((byte, at) => (at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte).toString(16).padStart(2, '0'))
    .join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Asks before the page is left while something is sent. */
function useStayWhile(isRunning: boolean): void {
  const { t } = useTranslation();
  useBlocker({
    // The browser's own question is the only one that also stops its buttons.
    // oxlint-disable-next-line no-alert
    shouldBlockFn: () => isRunning && !window.confirm(t('imports.leave')),
    enableBeforeUnload: () => isRunning,
  });
}
