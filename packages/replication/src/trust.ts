import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import {
  findVoucher,
  isSuccessionTimely,
  readSuccession,
  SUCCESSION_FIELD,
  successionMs,
  vouch,
  VOUCHER_FIELD,
} from '@dossier/protocol/voucher.ts';
import type { InvitationKeys } from '@dossier/protocol/voucher.ts';
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
export function trustByKeys(
  nodeKey: SigningKey,
  { known, token, now }: { known: string; token: SigningKey | null; now: () => Date },
): Trust {
  const fields = token === null ? {} : { [VOUCHER_FIELD]: vouch(token, 'site', nodeKey.id) };
  const terms: Terms = { sign: nodeKey, fields, answers: 'believed-key', unknown: token === null ? 'SITE_UNKNOWN' : 'TOKEN_REFUSED' };
  return {
    terms: async () => terms,
    believe: async ({ key, succession: field }) => {
      const succession = field === undefined ? null : readSuccession(field, key);
      const follows = succession?.old === known && isSuccessionTimely(succession, now());
      return key === known || follows ? 'believed' : 'other-key';
    },
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

/** Until when masters that knew no keys are spoken to by the token, by their addresses. */
export type KeylessMasters = Map<string, Date>;

export interface NodeTrustOptions {
  readonly remoteUrl: string;
  readonly own: OwnKeys;
  readonly now: () => Date;
  /** Shared by those who speak to the same masters; without it nothing is remembered. */
  readonly keyless?: KeylessMasters;
  /** By which this node introduces itself. */
  readonly invitation?: InvitationKeys | null;
}

/**
 * This node's key, and the master's as it is kept in the database. A voucher, the token's or an invitation's, makes the first key believed that is met under an
 * address; another one than that takes its place by the word of a person alone.
 */
export class NodeTrust implements Trust {
  readonly #database: Database;
  readonly #remoteUrl: string;
  readonly #own: OwnKeys;
  readonly #now: () => Date;
  readonly #keyless: KeylessMasters;
  readonly #invitation: InvitationKeys | null;
  #pin: Pick<MasterRow, 'key' | 'node' | 'previous_key' | 'previous_until' | 'voucher'> | null = null;
  #isLoaded = false;

  constructor(database: Database, { remoteUrl, own, now, keyless = new Map(), invitation = null }: NodeTrustOptions) {
    this.#database = database;
    this.#remoteUrl = remoteUrl;
    this.#own = own;
    this.#now = now;
    this.#keyless = keyless;
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
      if (this.#isKeyless()) return this.#keylessTerms();
    }
    const vouchers = this.#invitation ? [vouch(this.#invitation.site, 'site', nodeKey.id)] : this.#vouchers(nodeKey);
    const unknown = this.#invitation !== null ? 'INVITATION_UNKNOWN' : token === null ? 'SITE_UNKNOWN' : 'TOKEN_REFUSED';
    const { succession } = this.#own;
    const fields = {
      ...(vouchers.length > 0 && { [VOUCHER_FIELD]: vouchers.join(' ') }),
      ...(succession !== null && { [SUCCESSION_FIELD]: succession }),
    };
    return { sign: nodeKey, fields, answers: 'believed-key', unknown };
  }

  /** A master that was restored knows its own word, and lets this node wait for a person then; the token says besides which one this node holds. */
  #vouchers(nodeKey: SigningKey): string[] {
    const { token } = this.#own;
    const own = this.#pin?.voucher ?? null;
    return [...(own === null ? [] : [own]), ...(token === null ? [] : [vouch(token, 'site', nodeKey.id)])];
  }

  async fallbacks(): Promise<readonly Terms[]> {
    const { token, nodeKey } = this.#own;
    if (this.#invitation !== null || nodeKey === null || token === null) return [];
    // A master that has no keys (any more) shows so to who asks by the token.
    if (this.#pin !== null) return [this.#keylessTerms()];
    // Who says no to a key may only want that this node never learns the master's: the token asks for it, too, before it asks as old nodes do.
    const asked = this.#isKeyless() ? [] : [this.#keylessTerms()];
    this.#keyless.set(this.#remoteUrl, new Date(this.#now().getTime() + keylessMs));
    return [...asked, byToken(token)];
  }

  #isKeyless(): boolean {
    const until = this.#keyless.get(this.#remoteUrl);
    return until !== undefined && until > this.#now();
  }

  /** By the token alone, and asking the master to answer by its key all the same: who has met it believes nothing else. */
  #keylessTerms(): Terms {
    const { token } = this.#own;
    if (token === null || this.#invitation !== null) throw new SyncFailure('NODE_KEY_MISSING', 'This host has no key of its node.');
    const fields = { [VOUCHER_FIELD]: vouch(token, 'site', token.id) };
    return { sign: token, fields, answers: this.#pin === null ? 'either' : 'believed-key', unknown: 'TOKEN_REFUSED' };
  }

  async believe({ key, voucher, succession, node }: SignedBy): Promise<Belief> {
    const pin = this.#pin;
    if (pin === null) {
      const vouching = this.#invitation?.master ?? this.#own.token;
      const isVouched = vouching !== null && voucher !== undefined && findVoucher([vouching], voucher, 'master', key) !== null;
      return isVouched && node !== undefined ? this.#pinTo(key, node) : 'nobody';
    }
    if (pin.key === key || (pin.previous_key === key && this.#now().getTime() < (pin.previous_until?.getTime() ?? 0))) return 'believed';
    if (await this.#follows(pin.key, key, succession)) return 'believed';
    await noteOfferedKey(this.#database, { remoteUrl: this.#remoteUrl, node: node ?? null, key });
    return 'other-key';
  }

  async learn({ name, certificate }: { name: string | null; certificate: string | null }): Promise<void> {
    if (this.#pin === null) return;
    await noteGreeting(this.#database, this.#remoteUrl, { name, voucher: certificate });
  }

  async #pinTo(key: string, node: string): Promise<Belief> {
    const pinned = await pinMaster(this.#database, { remoteUrl: this.#remoteUrl, node, key });
    if (pinned?.key !== key) {
      await noteOfferedKey(this.#database, { remoteUrl: this.#remoteUrl, node, key });
      return 'other-key';
    }
    this.#pin = pinned;
    this.#keyless.delete(this.#remoteUrl);
    return 'believed';
  }

  async #follows(old: string, next: string, field: string | undefined): Promise<boolean> {
    const succession = field === undefined ? null : readSuccession(field, next);
    if (succession?.old !== old || !isSuccessionTimely(succession, this.#now())) return false;
    await followMaster(this.#database, { old, next, until: new Date(succession.made.getTime() + successionMs) });
    this.#pin = await findMaster(this.#database, this.#remoteUrl);
    return true;
  }

  async #load(): Promise<void> {
    if (this.#isLoaded) return;
    this.#pin = await findMaster(this.#database, this.#remoteUrl);
    this.#isLoaded = true;
  }
}
