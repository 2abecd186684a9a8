import type { Response } from 'express';
import { z } from 'zod';
import { deletionHeader } from '@dossier/protocol/bin.ts';
import { answers } from './route.ts';

/** The answer of a call that deletes dossiers, for its OpenAPI description. */
export const answersDeleted = {
  ...answers({}),
  '204': {
    description: 'Done',
    headers: z.object({
      [deletionHeader]: z.string().optional().meta({ description: 'The deletion in the bin: `POST /bin/restore/` takes it back' }),
    }),
  },
};

/** Says that it is done, and by which number it can be taken back; null: not at all. */
export function sendDeleted(response: Response, deletion: number | null): void {
  if (deletion !== null) response.set(deletionHeader, String(deletion));
  response.status(204).end();
}
