import { Secret, TOTP } from 'otpauth';

/** An authenticator app with the secret that it was told, whose clock differs by so many steps of 30 seconds. */
export function codeOf(secret: string, steps = 0): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 });
}
