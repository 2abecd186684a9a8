import { z } from 'zod';
import { roles } from '@dossier/domain/role.ts';
import { idSchema, timeSchema } from './values.ts';

export const userSchema = z.looseObject({ id: idSchema, name: z.string(), role: z.enum(roles) }).meta({ id: 'User' });

/** The answer of `POST /auth/login/`. */
export const sessionSchema = z
  .looseObject({ token: z.string(), token_expiration_datetime: timeSchema, user: userSchema })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof sessionSchema>;

/** The answer of `GET /auth/session/`: whose cookie or token it is. */
export const currentSessionSchema = z.looseObject({ user: userSchema }).meta({ id: 'CurrentSession' });
export type CurrentSession = z.infer<typeof currentSessionSchema>;
