import type { PasskeyRow } from '@dossier/accounts/passkeys.ts';
import type { Passkey } from '@dossier/protocol/second-factor.ts';

export function presentPasskey(passkey: PasskeyRow): Passkey {
  return {
    id: passkey.id,
    label: passkey.label,
    host: passkey.rp_id,
    created_date: passkey.created_date.toISOString(),
    last_used_date: passkey.last_used_date?.toISOString() ?? null,
  };
}
