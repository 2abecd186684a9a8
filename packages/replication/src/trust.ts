import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { findVoucher, readSuccession, SUCCESSION_FIELD, successionMs, vouch, VOUCHER_FIELD } from '@dossier/protocol/voucher.ts';
import type { Database } from '@dossier/postgres/database.ts';
import type { MasterRow } from './masters.ts';
import { findMaster, followMaster, noteGreeting, noteOfferedKey, pinMaster } from './masters.ts';
import { SyncFailure } from './sync-failure.ts';

/** How requests to a master are signed at the moment, and whose answers count. */
export interface Terms {
  readonly sign: SigningKey;
  /** What goes with each request to speak for the key. */
  readonly fields: Readonly<Record<string, string>>;
  /** Whether the answer has to be signed by the same secret (a token's), by a key that `Trust.believe` judges, or by either. */
  readonly answers: 'same-key' | 'believed-key' | 'either';
  /** What it means if the master knows nothing of this signature. */
  readonly unknown: 'TOKEN_REFUSED' | 'SITE_UNKNOWN' | 'INVITATION_UNKNOWN';
}

function byToken(sign: SigningKey): Terms {
  return { sign, fields: {}, answers: 'same-key', unknown: 'TOKEN_REFUSED' };
}

/** An answer that is signed rightly by the key that it names. */
export interface SignedBy {
  readonly key: string;
  /** Of its fields: what vouches for the key, which key it follows, and which node says so. */
  readonly voucher: string | undefined;
  readonly succession: string | undefined;
  readonly node: string | undefined;
}

/** `other-key`: validly signed, and by another key than the one that is believed. `nobody`: by a key for which nobody vouches. */
export type Belief = 'believed' | 'other-key' | 'nobody';

/** Whom a node believes as one master. */
export interface Trust {
  terms(): Promise<Terms>;
  believe(answer: SignedBy): Promise<Belief>;
  /** What is to be tried, one after the other, where the signature was refused as a stranger's. */
  fallbacks(): Promise<readonly Terms[]>;
  /** The node whose key is believed; null where none is. */
  node(): string | null;
  /** What a greeting teaches. */
  learn(greeting: { name: string | null; certificate: string | null }): Promise<void>;
}

/** The token alone, as for a master that has no keys. */
export function trustByToken(key: SigningKey): Trust {
  const terms = byToken(key);
  return {
    terms: async () => terms,
    believe: async () => 'nobody',
    fallbacks: async () => [],
    node: () => null,
    learn: async () => undefined,
  };
}

/** This node's key, and the one by which a master is known; nothing is learnt. */
export function trustByKeys(nodeKey: SigningKey, { known, token }: { known: string; token: SigningKey | null }): Trust {
  const fields = token === null ? {} : { [VOUCHER_FIELD]: vouch(token, 'site', nodeKey.id) };
  const terms: Terms = { sign: nodeKey, fields, answers: 'believed-key', unknown: token === null ? 'SITE_UNKNOWN' : 'TOKEN_REFUSED' };
  return {
    terms: async () => terms,
    believe: async ({ key, succession }) =>
      key === known || (succession && readSuccession(succession, key)?.old === known) ? 'believed' : 'other-key',
    fallbacks: async () => [],
    node: () => null,
    learn: async () => undefined,
  };
}

/** Who this node is to masters. */
export interface OwnKeys {
  /** Null where this process has none, and speaks by the token alone. */
  readonly nodeKey: SigningKey | null;
  /** What the key before it said of it, for as long as that is news. */
  readonly succession: string | null;
  /** Of SYNC_TOKEN. */
  readonly token: SigningKey | null;
}

/** For so long a master that knew no keys is spoken to by the token, before it is tried again. */
const keylessMs = 10 * 60_000;
const keyless = new Map<string, number>();

/** This node's key, and the master's as it is kept in the database. What an invitation vouches for takes the place of what was believed before. */
export class NodeTrust implements Trust {
  readonly #database: Database;
  readonly #remoteUrl: string;
  readonly #own: OwnKeys;
  readonly #invitation: { site: SigningKey; master: SigningKey } | null;
  #pin: Pick<MasterRow, 'key' | 'node' | 'previous_key' | 'previous_until' | 'voucher'> | null = null;
  #isLoaded = false;

  constructor(
    database: Database,
    {
      remoteUrl,
      own,
      invitation = null,
    }: { remoteUrl: string; own: OwnKeys; invitation?: { site: SigningKey; master: SigningKey } | null },
  ) {
    this.#database = database;
    this.#remoteUrl = remoteUrl;
    this.#own = own;
    this.#invitation = invitation;
  }

  node(): string | null {
    return this.#pin?.node ?? null;
  }

  async terms(): Promise<Terms> {
    await this.#load();
    const { token, nodeKey } = this.#own;
    if (nodeKey === null) return this.#keylessTerms();
    if (this.#pin === null && this.#invitation === null) {
      if (token === null) throw new SyncFailure('NO_TOKEN', 'SYNC_TOKEN is not set on this node, and it was not joined to this master.');
      if ((keyless.get(this.#remoteUrl) ?? 0) > performance.now()) return byToken(token);
    }
    const introducer = this.#invitation?.site ?? token;
    const unknown = this.#invitation !== null ? 'INVITATION_UNKNOWN' : token === null ? 'SITE_UNKNOWN' : 'TOKEN_REFUSED';
    return this.#signedBy(nodeKey, introducer ? vouch(introducer, 'site', nodeKey.id) : this.#pin?.voucher, unknown);
  }

  async fallbacks(): Promise<readonly Terms[]> {
    const { token, nodeKey } = this.#own;
    if (this.#invitation !== null || nodeKey === null || token === null) return [];
    if (this.#pin !== null) {
      // A master that was restored knows its own word, though not this token. One that has no keys (any more) shows so to who asks by the token.
      const certified = this.#pin.voucher === null ? [] : [this.#signedBy(nodeKey, this.#pin.voucher, 'SITE_UNKNOWN')];
      return [...certified, this.#keylessTerms()];
    }
    keyless.set(this.#remoteUrl, performance.now() + keylessMs);
    return [byToken(token)];
  }

  #signedBy(nodeKey: SigningKey, voucher: string | null | undefined, unknown: Terms['unknown']): Terms {
    const { succession } = this.#own;
    return {
      sign: nodeKey,
      fields: {
        ...(voucher && { [VOUCHER_FIELD]: voucher }),
        ...(succession !== null && { [SUCCESSION_FIELD]: succession }),
      },
      answers: 'believed-key',
      unknown,
    };
  }

  /** By the token alone, and asking the master to answer by its key all the same: who has met it believes nothing else. */
  #keylessTerms(): Terms {
    const { token } = this.#own;
    if (token === null || this.#invitation !== null) throw new SyncFailure('NODE_KEY_MISSING', 'This host has no key of its node.');
    const fields = { [VOUCHER_FIELD]: vouch(token, 'site', token.id) };
    return { sign: token, fields, answers: this.#pin === null ? 'either' : 'believed-key', unknown: 'TOKEN_REFUSED' };
  }

  async believe({ key, voucher, succession, node }: SignedBy): Promise<Belief> {
    if (this.#pin?.key === key || (this.#pin?.previous_key === key && Date.now() < (this.#pin.previous_until?.getTime() ?? 0)))
      return 'believed';
    const vouching = this.#invitation?.master ?? this.#own.token;
    const isVouched = vouching !== null && voucher !== undefined && findVoucher([vouching], voucher, 'master', key) !== null;
    if (isVouched && node !== undefined && (this.#pin === null || this.#invitation !== null)) return this.#pinTo(key, node);
    if (this.#pin === null) return 'nobody';
    if (await this.#follows(this.#pin.key, key, succession)) return 'believed';
    await noteOfferedKey(this.#database, { remoteUrl: this.#remoteUrl, node: node ?? null, key });
    return 'other-key';
  }

  async learn({ name, certificate }: { name: string | null; certificate: string | null }): Promise<void> {
    if (this.#pin === null) return;
    await noteGreeting(this.#database, this.#remoteUrl, { name, voucher: certificate });
  }

  async #pinTo(key: string, node: string): Promise<Belief> {
    const pinned = await pinMaster(this.#database, { remoteUrl: this.#remoteUrl, node, key }, { instead: this.#invitation !== null });
    if (pinned?.key !== key) {
      await noteOfferedKey(this.#database, { remoteUrl: this.#remoteUrl, node, key });
      return 'other-key';
    }
    this.#pin = pinned;
    keyless.delete(this.#remoteUrl);
    return 'believed';
  }

  async #follows(old: string, next: string, field: string | undefined): Promise<boolean> {
    const succession = field === undefined ? null : readSuccession(field, next);
    const until = new Date((succession?.made.getTime() ?? 0) + successionMs);
    if (succession?.old !== old || until.getTime() < Date.now()) return false;
    await followMaster(this.#database, { old, next, until });
    this.#pin = await findMaster(this.#database, this.#remoteUrl);
    return true;
  }

  async #load(): Promise<void> {
    if (this.#isLoaded) return;
    this.#pin = await findMaster(this.#database, this.#remoteUrl);
    this.#isLoaded = true;
  }
}
