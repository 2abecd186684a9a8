/**
 * A condition of SQL: whether the user of this number has a second factor. As a function of the database it would be
 * planned anew at every request.
 */
export function hasSecondFactor(user: string): string {
  return `(exists (select from totp_secrets s where s.user_id = ${user} and s.last_step is not null) or exists (select from passkeys k where k.user_id = ${user}))`;
}
