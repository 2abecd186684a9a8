import { dossierFaceSchema } from '@dossier/protocol/dossier.ts';
import type { DossierFace } from '@dossier/protocol/dossier.ts';
import sharp from 'sharp';

/** Where a photo is sent to, and by whom. */
interface Place {
  readonly url: string;
  readonly token: string;
}

/** Gives a dossier a photo over the API. */
export async function addPhoto({ url, token }: Place, dossier: number, bytes: Uint8Array): Promise<DossierFace> {
  const body = new FormData();
  body.append('dossier', String(dossier));
  body.append('source_photo', new File([new Uint8Array(bytes)], 'photo'));
  const answer = await fetch(`${url}/dossier-faces/`, { method: 'POST', headers: { authorization: `Token ${token}` }, body });
  if (answer.status !== 201) throw new Error(`a photo was refused with ${answer.status}: ${await answer.text()}`);
  return dossierFaceSchema.parse(await answer.json());
}

/** A small picture of one colour. */
export function plainPicture(background: string | { r: number; g: number; b: number }): Promise<Buffer> {
  return sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .png()
    .toBuffer();
}
