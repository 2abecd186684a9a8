import { sha256Of } from '@dossier/protocol/content-digest.ts';
import sharp from 'sharp';
import { expect } from 'vitest';
import type { NodeApi } from './node-api.ts';

/** Makes a list that holds one person. */
export async function makeFilledList(node: NodeApi, name = 'Wanted'): Promise<number> {
  const list = await node.makeList(name);
  await node.call('POST', '/dossiers/', { body: { name: `${name} Lindqvist`, dossier_lists: [list] } });
  return list;
}

/** Makes a dossier with a photo of one colour; gives its number and the photo's address. */
export async function makePictured(
  node: NodeApi,
  dossier: { name: string; comment?: string; dossier_lists: readonly number[] },
  colour: string,
): Promise<{ id: number; sha256: string }> {
  const made = await node.call('POST', '/dossiers/', { body: dossier });
  const { id } = made.json as { id: number };
  const png = await sharp({ create: { width: 40, height: 40, channels: 3, background: colour } })
    .png()
    .toBuffer();
  const form = new FormData();
  form.set('dossier', String(id));
  form.set('source_photo', new Blob([new Uint8Array(png)]), 'a.png');
  expect((await node.call('POST', '/dossier-faces/', { body: form })).status).toBe(201);
  return { id, sha256: sha256Of(png) };
}
