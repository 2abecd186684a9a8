import { exchange } from './request.ts';

/** Has the browser save what the node gives at an address, under the name that it says. For what is short: it is held in memory. Throws Problem. */
export async function save(path: string): Promise<void> {
  await keep(await exchange('GET', path));
}

/** The same for what the node answers to a body. */
export async function saveAnswer(path: string, body: object): Promise<void> {
  await keep(await exchange('POST', path, { body }));
}

/** The name of a file as RFC 6266 has it: in UTF-8 where it has other letters than English. */
function nameIn(disposition: string): string | undefined {
  const encoded = /filename\*=UTF-8''([^;]+)/.exec(disposition)?.[1];
  return encoded === undefined ? /filename="([^"]+)"/.exec(disposition)?.[1] : decodeURIComponent(encoded);
}

async function keep(response: Response): Promise<void> {
  const name = nameIn(response.headers.get('content-disposition') ?? '') ?? 'export';
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it by then.
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
