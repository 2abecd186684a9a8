import type { Readable } from 'node:stream';
import type { Position } from '@dossier/domain/position.ts';
import type { RunMethod, RunMode, RunState } from '@dossier/domain/run.ts';
import type { Change } from '@dossier/protocol/feed.ts';
import type { Difference } from '@dossier/protocol/sync.ts';

/** A run that a worker has taken; the fence makes the worker harmless once another one has taken the run. */
export interface TakenRun {
  runId: number;
  listId: number;
  fence: number;
}

/** What the engine needs to know of a run and its link when it takes them. */
export interface StartedRun {
  run: { id: number; slave_list_id: number; mode: RunMode; pages: number; bytes: number; fetched: number; photos_fetched: number };
  link: {
    slave_list_id: number;
    remote_url: string;
    remote_list_id: number;
    remote_node: string | null;
    remote_list: string | null;
    epoch: string | null;
    revision: number | null;
    digest: string | null;
    dossier_count: number | null;
    head_tag: string | null;
    local_count: number;
    remote_name: string | null;
    origins: readonly string[];
    sync_hour: number | null;
    sync_minute: number | null;
    sync_zone: string | null;
    /** Dossiers of the master that are set aside because the replica couldn't hold them as they were. */
    set_aside: readonly { dossier: string }[];
  };
  fence: number;
  /** Whether the list's rows are what its last verified sync left. */
  intact: boolean;
  /** Whether earlier runs couldn't get a photo. */
  lacksPhotos: boolean;
}

export interface StagingCursor {
  method: RunMethod;
  phase: 'fetching' | 'complete';
  revision: number;
  head: Position;
  /** Whether what is fetched goes into tables of the run's own, which take the place of the node's when it is applied. */
  loading?: boolean;
}

/** Rows of a page that go to the database as they came. Blocks of rows, and what was seen in them. */
export interface LoadedRows {
  dossiers: Buffer;
  photos: Buffer;
  dossierCount: number;
  photoCount: number;
  /** Dossiers that left the list. */
  removed: readonly string[];
  /** All dossiers of the page, those that left the list too. Made when they are asked for, and not after the rows are written. */
  uuids: () => readonly string[];
  /** The different photos of the page. */
  wanted: readonly { sha256: string; width: number; height: number; bytes: number; media_type: string }[];
}

export interface RunProgress {
  state?: RunState;
  method?: RunMethod;
  fetched?: number;
  total?: number;
  photosFetched?: number;
  photosTotal?: number;
  bytes?: number;
  pages?: number;
}

export type Bucket = [bucket: number, count: number, digest: string];

export interface WantedPhoto {
  sha256: string;
  bytes: number;
}

/** A photo with one of the dossiers that refer to it. */
export interface HeldPhoto extends WantedPhoto {
  dossier: string;
  id: number;
  name: string;
}

export interface ApplyRequest extends TakenRun {
  method: RunMethod;
  target: Position;
  headTag: string | null;
  offlineDeletions: 'restore' | 'keep-deleted';
  /** Whose list was staged. */
  master: { node: string; list: string };
  fork: Fork | null;
  /** Staged dossiers whose hash isn't the one of their content. */
  forged: readonly string[];
}

/** Why what the master offers may be another history than the one that the replica followed; `identity`: it is another list or node. */
export interface Fork {
  kind: 'revision' | 'digest' | 'epoch' | 'delta' | 'identity';
  /** For the operator. */
  sentence: string;
}

export interface GreetingRecord {
  slaveListId: number;
  fence: number;
  remoteNode: string;
  remoteList: string;
  remoteName: string;
  /** The nodes from which the master has the list, nearest first. */
  origins: readonly string[];
  schedule: { hour: number; minute: number; time_zone: string };
}

/**
 * The slave's database as the engine needs it. Every method that writes checks the fence; one whose worker was fenced out throws a failure
 * of the kind `stop` and changes nothing.
 */
export interface ReplicaStore {
  saveGreeting(greeting: GreetingRecord): Promise<void>;
  saveProgress(taken: TakenRun, progress: RunProgress): Promise<boolean>;
  holdsPosition(listId: number): Promise<boolean>;
  readCursor(runId: number): Promise<StagingCursor | null>;
  beginStaging(taken: TakenRun, cursor: StagingCursor): Promise<void>;
  stagePage(taken: TakenRun, page: { changes: readonly Change[]; cursor: StagingCursor; fresh: boolean }): Promise<void>;
  /** Begins to load a list that is empty here into tables of the run's own. False, with nothing begun, if this database doesn't allow that. */
  beginLoad(taken: TakenRun, cursor: StagingCursor): Promise<boolean>;
  /**
   * Loads one page, committed after the page before (`after`). `replaces`: it may hold newer versions of dossiers that were loaded already. Throws a
   * failure with the code LOAD_REFUSED if the rows or this database don't allow it.
   */
  loadPage(taken: TakenRun, page: { rows: LoadedRows; cursor: StagingCursor; replaces: boolean; after: Promise<unknown> }): Promise<void>;
  /** Stages one page of rows, committed after the page before (`after`). Throws a failure with the code DOSSIER_MALFORMED if the rows can't be held. */
  stageRows(taken: TakenRun, page: { rows: LoadedRows; cursor: StagingCursor; replaces: boolean; after: Promise<unknown> }): Promise<void>;
  clearStaging(runId: number): Promise<void>;
  findForgedDossiers(runId: number): Promise<string[]>;
  /** Dossiers of the master that are set aside because the replica couldn't hold them as they were. */
  listRefused(listId: number): Promise<{ dossier: string; name: string | null; code: string }[]>;
  readStandingBuckets(listId: number): Promise<Bucket[]>;
  stageHashes(taken: TakenRun, hashes: readonly [string, string][]): Promise<void>;
  stageExtras(taken: TakenRun, buckets: readonly number[]): Promise<number>;
  listDiffering(taken: TakenRun, page: { after: string; limit: number }): Promise<string[]>;
  listWantedPhotos(taken: TakenRun, page: { after: string; limit: number }): Promise<WantedPhoto[]>;
  countWantedPhotos(taken: TakenRun): Promise<number>;
  saveMissingPhotos(taken: TakenRun, photos: { missing: WantedPhoto[]; present: string[] }): Promise<void>;
  /**
   * `held`: a guard stopped it, which is recorded; the run is over. Throws failures with the codes DIGEST_DIFFERS, EXTERNAL_ID_TAKEN,
   * DOSSIER_OF_ANOTHER_MASTER and LOAD_REFUSED, each after a roll-back.
   */
  apply(request: ApplyRequest): Promise<{ added: number; changed: number; removed: number; disturbedLists: number[] } | 'held'>;
  /** False if the list isn't what its last sync left any more. */
  finishUnchanged(taken: TakenRun, headTag: string | null): Promise<boolean>;
  rehashList(taken: TakenRun): Promise<string[]>;
  listDifferences(taken: TakenRun, compared: { buckets: readonly number[]; limit: number }): Promise<Difference[]>;
  nameDossiers(dossiers: readonly string[]): Promise<Difference[]>;
  listHeldPhotos(listId: number, page: { after: string; limit: number }): Promise<HeldPhoto[]>;
  finishVerification(
    taken: TakenRun,
    outcome: { differences: Difference[]; corrupted: boolean; photosMissing: number; photosDamaged: number; headRevision: number },
  ): Promise<void>;
}

/** A photo that isn't whole here: `absent`, or something else is in its place. */
export interface PhotoFinding extends WantedPhoto {
  fault: 'absent' | 'length' | 'content' | 'no-file' | 'unreadable';
}

/** Where the slave keeps photos. */
export interface PhotoTarget {
  /** Those that aren't whole here. Their files are read and hashed; what is in the place of a photo is booked and set apart. */
  lacking(photos: readonly WantedPhoto[], signal: AbortSignal): Promise<PhotoFinding[]>;
  /** Books photos that dossiers show here and that are absent. */
  bookAbsent(findings: readonly PhotoFinding[]): Promise<void>;
  /** Bytes must stay as they are until the call ends; nobody looks at them afterwards. */
  receive(sha256: string, source: Readable | Uint8Array, options: { bytes: number; signal?: AbortSignal }): Promise<void>;
}
