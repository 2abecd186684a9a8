import { Button, Group, Stack, Text } from '@mantine/core';
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
import { TakeBackButton } from './take-back-button.tsx';
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
  const job = useJob();
  const choices = useChoices({ list: lists.find(({ id }) => id === preset)?.id ?? lists[0]?.id ?? 0, onChange: job.forget });
  useStayWhile(job.isRunning);
  const { isRunning, done } = job;
  const { list, chosen, sent, reading, isTooLarge } = choices;
  const start = (preview: boolean): void => {
    if (chosen !== null) job.start({ list, file: chosen.file, photos: sent, reading, preview });
  };
  const close = isRunning ? job.stop : onClose;
  return (
    // What runs is stopped by its button, not by a click beside.
    <Dialog title={t('imports.title')} size="xl" onClose={onClose} closable={!isRunning}>
      <Stack>
        <ListSelect
          label={t('imports.list')}
          lists={lists}
          value={list}
          onChange={(into = list) => choices.setList(into)}
          disabled={isRunning || done}
        />
        {!done && !isRunning && <FileStep chosen={chosen} photos={choices.photos} onFile={choices.look} onPhotos={choices.setPhotos} />}
        <ChoiceFaults choices={choices} />
        {chosen !== null && !done && !isTooLarge && (
          <Mapping
            list={list}
            file={chosen.file}
            reading={reading}
            onChange={choices.setReading}
            disabled={isRunning}
            onReady={job.setReady}
          />
        )}
        <JobState job={job} />
        {done && job.report?.import != null && job.report.can_be_taken_back && <TakeBackButton id={job.report.import} onDone={onClose} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t(isRunning ? 'imports.stop' : done ? 'common.close' : 'common.cancel')}
          </Button>
          {!done && !isRunning && job.report === null && (
            <Button disabled={chosen === null || isTooLarge || !job.isReady} onClick={() => start(true)}>
              {t('imports.check')}
            </Button>
          )}
          {!done && job.report !== null && <RunButton report={job.report} onRun={() => start(false)} />}
        </Group>
      </Stack>
    </Dialog>
  );
}

/** What was chosen so far. `onChange`: what was said before was of something else. */
function useChoices({ list: first, onChange }: { list: number; onChange: () => void }) {
  const { t } = useTranslation();
  const [list, setList] = useState(first);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [photos, setPhotos] = useState<readonly ImportPhoto[]>([]);
  const [reading, setReading] = useState(plainReading);
  const [fault, setFault] = useState<string | null>(null);
  const sent = chosen === null ? [] : [...chosen.photos, ...photos];
  const photoBytes = sent.reduce((sum, { file }) => sum + file.size, 0);
  const changing =
    <Value,>(set: (value: Value) => void) =>
    (value: Value): void => {
      onChange();
      set(value);
    };
  return {
    list,
    chosen,
    photos,
    /** All photos that go along. */
    sent,
    reading,
    fault,
    isTooLarge: chosen !== null && (chosen.file.content.size > maximumImportBytes || photoBytes > maximumUploadBytes),
    setList: changing(setList),
    setPhotos: changing(setPhotos),
    setReading: changing(setReading),
    look: changing((file: File) => {
      setFault(null);
      setReading(plainReading);
      setPhotos([]);
      takeFile(file).then(setChosen, () => {
        setChosen(null);
        setFault(t('imports.noPeople'));
      });
    }),
  };
}

function ChoiceFaults({ choices: { isTooLarge, fault } }: { choices: ReturnType<typeof useChoices> }) {
  const { t } = useTranslation();
  const bounds = { megabytes: maximumImportBytes / 1024 / 1024, gigabytes: maximumUploadBytes / 1024 / 1024 / 1024 };
  return <ProblemAlert error={fault ?? (isTooLarge ? t('imports.tooLarge', bounds) : null)} />;
}

/** How far it is, or what came of it. */
function JobState({ job }: { job: ReturnType<typeof useJob> }) {
  const { t } = useTranslation();
  return (
    <>
      <ProblemAlert error={job.error} />
      <div role="status">
        {job.isRunning && <ImportProgress uuid={job.uuid} part={job.part} />}
        {job.isRunning && job.uuid !== null && (
          <Text size="sm" c="dimmed" mt={4}>
            {t('imports.stay')}
          </Text>
        )}
        {job.report !== null && <ImportReport report={job.report} />}
      </div>
    </>
  );
}

function RunButton({ report, onRun }: { report: Report; onRun: () => void }) {
  const { t } = useTranslation();
  const changes = report.added + report.changed;
  return (
    <Button disabled={changes === 0} onClick={onRun}>
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
