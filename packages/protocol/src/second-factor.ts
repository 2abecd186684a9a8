import { z } from 'zod';
import { idSchema, nameText, text, timeSchema } from './values.ts';

/** A passkey of one's own. */
export const passkeySchema = z
  .looseObject({
    id: idSchema,
    label: z.string(),
    /** The name of the host for which it was made: it is of use there alone. */
    host: z.string(),
    created_date: timeSchema,
    last_used_date: timeSchema.nullable(),
  })
  .meta({ id: 'Passkey' });
export type Passkey = z.infer<typeof passkeySchema>;

/** The answer of `GET /auth/second-factor/`: what one signs in with beside the password. */
export const secondFactorSchema = z
  .looseObject({
    /** Whether this node demands one (SECOND_FACTOR). */
    required: z.boolean(),
    /** Since when an authenticator app is set up; null without one. */
    totp: z.looseObject({ created_date: timeSchema }).nullable(),
    passkeys: z.array(passkeySchema),
    /** How many are left. */
    recovery_codes: z.int(),
  })
  .meta({ id: 'SecondFactor' });
export type SecondFactorFacts = z.infer<typeof secondFactorSchema>;

/** Whoever is at an open screen doesn't know it: changes of the second factor take the own password. */
export const ownPasswordRequest = z.strictObject({ password: text(1024, 1) }).meta({ id: 'OwnPasswordRequest' });

/** The answer of `POST /auth/second-factor/totp/`: for the app, as a text and as the address in a QR code. Shown this once. */
export const totpSetUpSchema = z.looseObject({ secret: z.string(), uri: z.string() }).meta({ id: 'TotpSetUp' });

export const totpConfirmation = z.strictObject({ code: text(64, 1) }).meta({ id: 'TotpConfirmation' });

/** Recovery codes, each good once, shown this once; null where there were some already. */
export const recoveryCodesSchema = z.looseObject({ recovery_codes: z.array(z.string()).nullable() }).meta({ id: 'RecoveryCodes' });

/** What a browser is told, or tells, of a passkey: WebAuthn Level 3 names its members, and the library checks them. */
export const webAuthnSchema = z.looseObject({}).meta({ id: 'WebAuthn', description: 'As WebAuthn Level 3 has it in JSON' });

const base64url = z.string().regex(/^[\w-]+$/, 'must be base64url');
const credential = {
  id: base64url,
  rawId: base64url,
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).optional().catch(undefined),
  clientExtensionResults: z.looseObject({}).default({}),
};

export const passkeyCreation = z
  .strictObject({
    label: nameText(100),
    credential: z.looseObject({
      ...credential,
      response: z.looseObject({ clientDataJSON: base64url, attestationObject: base64url }),
    }),
  })
  .meta({ id: 'PasskeyCreation' });

export type PasskeyCreation = z.output<typeof passkeyCreation>;

/** The answer of `POST /auth/second-factor/passkeys/`. */
export const passkeyMadeSchema = recoveryCodesSchema.extend({ passkey: passkeySchema }).meta({ id: 'PasskeyMade' });

export const passkeyChange = z.strictObject({ label: nameText(100) }).meta({ id: 'PasskeyChange' });

/** The body of `POST /auth/passkey/`: what the browser answered. */
export const passkeySignIn = z
  .strictObject({
    credential: z.looseObject({
      ...credential,
      response: z.looseObject({
        clientDataJSON: base64url,
        authenticatorData: base64url,
        signature: base64url,
        userHandle: base64url.optional().catch(undefined),
      }),
    }),
  })
  .meta({ id: 'PasskeySignIn' });

export type PasskeySignIn = z.output<typeof passkeySignIn>;

/** The answer of `GET /auth/methods/`: what the sign-in page offers beside the password. */
export const signInMethodsSchema = z
  .looseObject({
    /** What the node is called into which one signs in. */
    node_name: z.string(),
    /** The provider's host; null where none is configured. */
    oidc: z.looseObject({ name: z.string() }).nullable(),
  })
  .meta({ id: 'SignInMethods' });

/** The answer of `DELETE /users/{id}/second-factor/`: what there was, and how many sessions ended. */
export const secondFactorResetSchema = z
  .looseObject({ totp: z.boolean(), passkeys: z.int(), sessions: z.int() })
  .meta({ id: 'SecondFactorReset' });
