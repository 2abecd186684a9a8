import { z } from 'zod';
import { roles } from '@dossier/domain/role.ts';
import { sentAlong } from './sent-along.ts';
import { idSchema, looseBoolean, text, timeSchema } from './values.ts';

export const userSchema = z.looseObject({ id: idSchema, name: z.string(), role: z.enum(roles) }).meta({ id: 'User' });

/** The query of `POST /auth/login/`: `cookie=1` asks for the session cookie of browsers, too. */
export const signInQuery = z.object({ cookie: z.literal('1', 'must be 1').optional() });

/**
 * The body of `POST /auth/login/`, which may be left out: name and password come in a header. `code`: of the authenticator app, or a recovery code, from users who have a
 * second factor.
 */
export const signInRequest = z.strictObject({ code: text(64, 1).optional(), ...sentAlong.signIn }).meta({ id: 'SignInRequest' });

/** The answer of `POST /auth/login/`. */
export const sessionSchema = z
  .looseObject({ token: z.string(), token_expiration_datetime: timeSchema, user: userSchema })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof sessionSchema>;

export const signInWays = ['password', 'oidc'] as const;

/** The answer of `GET /auth/session/`: whose cookie or token it is. */
export const currentSessionSchema = z
  .looseObject({
    user: userSchema,
    /** Whether the user signs in by a password here, or by the provider of OpenID Connect. */
    sign_in: z.enum(signInWays),
    /** This node demands a second factor, and the user has none yet: all but `/auth/` is refused. */
    second_factor_missing: z.boolean(),
    /** The watch lists that there are for whoever asks; null: all. */
    dossier_lists: z.array(idSchema).nullable(),
  })
  .meta({ id: 'CurrentSession' });
export type CurrentSession = z.infer<typeof currentSessionSchema>;

/** The body of `POST /auth/password/`: the password that one has, and the one to come. */
export const ownPasswordChange = z
  .strictObject({ password: text(1024, 1), new_password: text(1024, 1), keep_tokens: looseBoolean.optional() })
  .meta({ id: 'OwnPasswordChange' });

/** Its answer: how much access the new password ended. */
export const ownPasswordChangedSchema = z
  .looseObject({ ended: z.looseObject({ sessions: z.int(), tokens: z.int() }) })
  .meta({ id: 'OwnPasswordChanged' });
