import { exchange } from './request.ts';

/** Has the browser save what the node gives at an address, under the name that it says. For what is short: it is held in memory. Throws Problem. */
export async function save(path: string): Promise<void> {
  await keep(await exchange('GET', path));
}

/** The same for what the node answers to a body. */
export async function saveAnswer(path: string, body: object): Promise<void> {
  await keep(await exchange('POST', path, { body }));
}

async function keep(response: Response): Promise<void> {
  const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'export';
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it by then.
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
