import { z } from 'zod';

const passedOver = z.unknown().optional().meta({ description: 'Sent along by clients of FindFace; it has no effect here' });

/**
 * Fields that FindFace's own clients send along and that mean nothing here, by the call. They are the only ones that are passed over: all other unknown
 * fields are refused, because whoever sends one expects something of it.
 */
export const sentAlong = {
  signIn: { video_auth_token: passedOver },
  /** The detection of a photo, which is uploaded beside it. */
  dossierFace: { create_from: passedOver },
} as const;
