import { z } from 'zod';
import { roles } from '@dossier/domain/role.ts';
import { userNameFault } from '@dossier/domain/user-name.ts';
import { signInWays } from './session.ts';
import { pageQuery } from './queries.ts';
import { idParameter, idSchema, looseBoolean, text, timeSchema } from './values.ts';

const name = z.string().check((context) => {
  const fault = userNameFault(context.value);
  if (fault !== null) context.issues.push({ code: 'custom', message: fault, input: context.value });
});
const password = text(1024, 1);
/** The watch lists that there are for a user or the holder of a token; null: all. */
const lists = z.array(idSchema).max(1000).nullable();

export const userCreation = z
  .strictObject({ name, role: z.enum(roles), password, active: looseBoolean.optional(), dossier_lists: lists.optional() })
  .meta({ id: 'UserCreation' });

/** A new password ends the user's sessions and, unless `keep_tokens`, API tokens; `active: false` shuts the user out, tokens included. */
export const userChange = z
  .strictObject({
    role: z.enum(roles).optional(),
    password: password.optional(),
    keep_tokens: looseBoolean.optional(),
    active: looseBoolean.optional(),
    dossier_lists: lists.optional(),
  })
  .meta({ id: 'UserChange' });

/** A user as administrators see one. */
export const userDetailsSchema = z
  .looseObject({
    id: idSchema,
    name: z.string(),
    role: z.enum(roles),
    active: z.boolean(),
    dossier_lists: lists,
    created_date: timeSchema,
    last_sign_in: timeSchema.nullable(),
    /** Whether by a password here, or by the provider of OpenID Connect. */
    sign_in: z.enum(signInWays),
    second_factor: z.boolean(),
    /** Sessions and tokens that are valid now. */
    session_count: z.int(),
    token_count: z.int(),
    /** How much access a new password has just ended. */
    ended: z.looseObject({ sessions: z.int(), tokens: z.int() }).optional(),
  })
  .meta({ id: 'UserDetails' });
export type UserDetails = z.infer<typeof userDetailsSchema>;

export const tokenKinds = ['session', 'api', 'configured'] as const;

export const tokenCreation = z
  .strictObject({
    label: text(256, 1),
    /** For another user than oneself: administrators only. */
    user: idSchema.optional(),
    /** Null or left out: as long as the configuration lets it, and as the token lives by which it is made. */
    expires_in_days: z.int().min(1).max(3650).nullable().optional(),
    dossier_lists: lists.optional(),
    /** One's own: asked of sessions, which may be somebody's at an open screen. */
    password: password.optional(),
  })
  .meta({ id: 'TokenCreation' });

/** A token, or a session of the web interface or of `POST /auth/login/`. The token itself is shown once, when it is made. */
export const tokenSchema = z
  .looseObject({
    id: idSchema,
    kind: z.enum(tokenKinds),
    label: z.string(),
    user: z.looseObject({ id: idSchema, name: z.string() }),
    /** Its own limits, beside those of its user. */
    dossier_lists: lists,
    created_date: timeSchema,
    expires_date: timeSchema.nullable(),
    last_used_date: timeSchema.nullable(),
    /** The one by which this very request came. */
    current: z.boolean(),
  })
  .meta({ id: 'Token' });
export type Token = z.infer<typeof tokenSchema>;

/** The answer of `POST /tokens/`. */
export const issuedTokenSchema = tokenSchema.extend({ token: z.string() }).meta({ id: 'IssuedToken' });
export type IssuedToken = z.infer<typeof issuedTokenSchema>;

/** `user` is heeded for administrators; others see their own. */
export const tokenQuery = pageQuery.extend({
  user: idParameter('a user').optional(),
  kind: z.enum(tokenKinds).optional(),
});
