import http from 'node:http';
import https from 'node:https';

/** Connections that several clients may share; they are kept alive and bounded by their owner. */
export interface FeedAgents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

/** Connections to one master at once, enough to overlap photos. */
const MAXIMUM_SOCKETS = 8;

/** Makes the connections for one or several clients. Their owner destroys both. */
export function createFeedAgents(): FeedAgents {
  const options = { keepAlive: true, maxSockets: MAXIMUM_SOCKETS, scheduling: 'lifo' } as const;
  return { http: new http.Agent(options), https: new https.Agent(options) };
}
