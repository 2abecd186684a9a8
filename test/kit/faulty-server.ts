/** A datastore of the queues that a test can take away and bring back at the same address, with what it held. */
export interface FaultyServer {
  readonly redisUrl: string | null;
  readonly databaseUrl: string;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends it for good and deletes its files. */
  stop(): Promise<void>;
}
