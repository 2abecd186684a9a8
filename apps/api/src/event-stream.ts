import type { Request, Response } from 'express';
import type { OpenAnswers } from './open-answers.ts';

const keepAliveMs = 15_000;
const reconnectMs = 2000;
/** A stream ends after this time and the browser asks for the next one, so that who has lost the right to look on stops seeing. */
const maximumAgeMs = 900_000;
/** A client that leaves so much unread is dropped; the next stream begins with everything. */
const maximumUnreadBytes = 4 * 1024 * 1024;

/** One server-sent event. */
export interface StreamedEvent {
  readonly id?: number;
  readonly name: string;
  readonly json: string;
}

export interface EventSink {
  send(event: StreamedEvent): void;
  end(): void;
}

/**
 * Answers with server-sent events until the client leaves. `begin` gets where they go, and returns how to stop. `alive` names an event that is sent when there
 * is nothing to say, so that a browser can tell silence from a line that was cut; without it a comment is sent.
 */
export function streamEvents(
  request: Request,
  response: Response,
  { open, begin, alive }: { open: OpenAnswers; begin: (sink: EventSink) => () => void; alive?: string },
): void {
  if (request.method !== 'HEAD') open.enter(request, response);
  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
    // Ends with the stream: an idle connection would hold up the end of the process.
    Connection: 'close',
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  write(response, `retry: ${reconnectMs}\n\n`);
  const leave = begin({ send: (event) => write(response, frame(event)), end: () => response.end() });
  const nothing = alive === undefined ? ': keep-alive\n\n' : frame({ name: alive, json: '{}' });
  const keepAlive = setInterval(() => write(response, nothing), keepAliveMs);
  const age = setTimeout(() => response.end(), maximumAgeMs);
  response.once('close', () => {
    leave();
    clearInterval(keepAlive);
    clearTimeout(age);
  });
}

function frame({ id, name, json }: StreamedEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${json}\n\n`;
}

function write(response: Response, text: string): void {
  if (response.writableEnded || response.destroyed) return;
  response.write(text);
  if (response.writableLength > maximumUnreadBytes) response.destroy();
}
