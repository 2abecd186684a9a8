export interface StreamedEvent {
  id: number;
  name: string;
  data: Record<string, unknown>;
}

/** A client of server-sent events that keeps what it got. */
export interface EventStream {
  readonly response: Response;
  readonly events: readonly StreamedEvent[];
  /** The first event, got or to come, that passes. Fails when the stream ends before. */
  until(test: (event: StreamedEvent) => boolean): Promise<StreamedEvent>;
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
  close(): void;
}

export async function openEventStream(url: string, token: string): Promise<EventStream> {
  const abort = new AbortController();
  const response = await fetch(url, { headers: { authorization: `Token ${token}` }, signal: abort.signal });
  const events: StreamedEvent[] = [];
  const waiting = new Set<() => void>();
  let over = false;

  async function read(): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) {
        text += decoder.decode(chunk as Uint8Array, { stream: true });
        const frames = text.split('\n\n');
        text = frames.pop() ?? '';
        for (const frame of frames) {
          const fields = new Map(
            frame.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
          );
          const data = fields.get('data');
          if (data === undefined) continue;
          events.push({
            id: Number(fields.get('id')),
            name: fields.get('event') ?? '',
            data: JSON.parse(data) as Record<string, unknown>,
          });
        }
        for (const wake of waiting) wake();
      }
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    } finally {
      over = true;
      for (const wake of waiting) wake();
    }
  }
  const ended = read();

  return {
    response,
    events,
    ended,
    async until(test) {
      for (let seen = 0; ;) {
        for (; seen < events.length; seen += 1) {
          const event = events[seen];
          if (event && test(event)) return event;
        }
        if (over) throw new Error(`The stream ended; it told: ${JSON.stringify(events)}`);
        const more = Promise.withResolvers<void>();
        waiting.add(more.resolve);
        await more.promise;
        waiting.delete(more.resolve);
      }
    },
    close: () => abort.abort(),
  };
}
