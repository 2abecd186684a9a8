import { type RequestError, TimeoutError } from 'got';
import { sizeText } from '@dossier/domain/size.ts';
import { CLOCK_TOLERANCE_MS, type SignatureRefusal } from '@dossier/protocol/signature-base.ts';
import { nothingChanged, triesAgain } from './run-sentences.ts';
import { siteErrors } from './site-refusal.ts';
import type { SiteErrorCode } from './site-refusal.ts';

/**
 * What can go wrong between a slave and its master. Whatever it is, nothing was changed: the watch list keeps what it had.
 *
 * - `MASTER_UNREACHABLE`: no connection (refused, name not found, network down, reset, TLS refused; the detail says which). Retried.
 * - `ADDRESS_REFUSED`: the address of the master, or what its name resolves to, is link-local or a cloud's metadata service. Needs a person.
 * - `MASTER_TIMEOUT`: connected or not, the master took too long. Retried.
 * - `MASTER_ERROR`: the master, or a proxy before it, answered that it can't serve now (5xx, 408, 429). Retried.
 * - `ANSWER_TRUNCATED`: the answer ended before it was whole: the line was cut. Retried.
 * - `ANSWER_FORGED`: the answer isn't what a holder of the token signed for this request: altered on the way, or not by the master. Retried,
 *   since a fault of the line looks the same; if it stays, something between the nodes rewrites answers.
 * - `TOKEN_REFUSED`: a feed doesn't accept our signature: another SYNC_TOKEN, or a proxy that changes host or path. Needs a person.
 * - `MISDIRECTED`: a master answers there, and says that the request isn't for it: it goes by other names, or is another node. Needs a person.
 * - `CLOCK_DIFFERS`: the clocks are more than five minutes apart, so that signatures are refused. Needs a person, or a time server: the worker tries
 *   such links again every ten minutes.
 * - `PROTOCOL_NOT_SPOKEN`: whoever answers under this address is no master: a web page, a proxy that asks for a password, another program, an unsigned answer. Needs a person.
 * - `REDIRECTED`: whoever answers sends to another address, and no redirect is followed. Needs a person.
 * - `CODING_REFUSED`: a signed answer is packed in a way that was not asked for, or can't be unpacked. Needs a person.
 * - `ANSWER_TOO_LARGE`: more bytes than this node accepts as one answer. Needs a person.
 */
export type FeedErrorCode =
  | 'MASTER_UNREACHABLE'
  | 'ADDRESS_REFUSED'
  | 'MASTER_TIMEOUT'
  | 'MASTER_ERROR'
  | 'ANSWER_TRUNCATED'
  | 'ANSWER_FORGED'
  | 'TOKEN_REFUSED'
  | 'MISDIRECTED'
  | 'CLOCK_DIFFERS'
  | 'PROTOCOL_NOT_SPOKEN'
  | 'REDIRECTED'
  | 'CODING_REFUSED'
  | 'ANSWER_TOO_LARGE';

const kinds = {
  MASTER_UNREACHABLE: 'retry',
  ADDRESS_REFUSED: 'operator',
  MASTER_TIMEOUT: 'retry',
  MASTER_ERROR: 'retry',
  ANSWER_TRUNCATED: 'retry',
  ANSWER_FORGED: 'retry',
  TOKEN_REFUSED: 'operator',
  MISDIRECTED: 'operator',
  CLOCK_DIFFERS: 'operator',
  PROTOCOL_NOT_SPOKEN: 'operator',
  REDIRECTED: 'operator',
  CODING_REFUSED: 'operator',
  ANSWER_TOO_LARGE: 'operator',
} as const satisfies Record<FeedErrorCode, 'retry' | 'operator'>;

/** A failed exchange with a master. `detail` (also the message) says what happened and what is safe, `remedy` what to do. `kind`: may pass, or needs a person. */
export class FeedError extends Error {
  override readonly name = 'FeedError';
  readonly code: FeedErrorCode | SiteErrorCode;
  readonly kind: 'retry' | 'operator';
  readonly remedy: string;
  /** With LIST_WITHDRAWN: the copy is to be deleted. */
  readonly purge: boolean;

  constructor(code: FeedErrorCode | SiteErrorCode, sentences: { what: string; remedy: string; cause?: unknown; purge?: boolean }) {
    super(code === 'LIST_WITHDRAWN' ? sentences.what : `${sentences.what} ${nothingChanged}`, { cause: sentences.cause });
    this.code = code;
    this.kind = isOfSites(code) ? (code === 'TOO_MANY_CODES' ? 'retry' : 'operator') : kinds[code];
    this.remedy = sentences.remedy;
    this.purge = sentences.purge ?? false;
  }

  get detail(): string {
    return this.message;
  }
}

function isOfSites(code: FeedErrorCode | SiteErrorCode): code is SiteErrorCode {
  return Object.hasOwn(siteErrors, code);
}

/** What was seen on the wire, before it has a name. */
export type FeedFailure =
  | { readonly saw: 'broken'; readonly error: RequestError; readonly answering: boolean }
  | { readonly saw: 'short'; readonly bytes: number; readonly expectedBytes: number }
  | { readonly saw: 'refused-address' }
  | { readonly saw: 'status'; readonly status: number }
  /** 401 from somebody who is no feed. */
  | { readonly saw: 'stranger' }
  | { readonly saw: 'misdirected' }
  /** A refusal that the master signed, or one that its keys lead to. */
  | { readonly saw: 'site'; readonly code: SiteErrorCode; readonly purge?: boolean }
  | { readonly saw: 'unauthorized'; readonly skewMs: number | null }
  | { readonly saw: 'distrust'; readonly reason: SignatureRefusal; readonly skewMs: number | undefined; readonly status: number }
  | { readonly saw: 'encoding'; readonly described: string; readonly error?: unknown }
  | { readonly saw: 'other'; readonly described: string }
  | { readonly saw: 'excess'; readonly maximumBytes: number };

/**
 * The one place where a failure of an exchange gets its code and its sentences. `master`: its address, as the operator typed it. Nothing of an
 * answer's text gets into a sentence: whoever may name an address could otherwise read what answers there.
 */
export function feedErrorOf(master: string, failure: FeedFailure): FeedError {
  switch (failure.saw) {
    case 'broken':
      return brokenError(master, failure.error, failure.answering);
    case 'refused-address':
      return addressError(master);
    case 'short':
      return truncatedError(master, `${failure.bytes} of ${failure.expectedBytes} bytes came`);
    case 'status':
      return statusError(master, failure.status);
    case 'unauthorized':
      return failure.skewMs !== null && Math.abs(failure.skewMs) > CLOCK_TOLERANCE_MS ? clockError(failure.skewMs) : tokenError(master);
    case 'stranger':
      return notSpokenError(
        master,
        `What answers at ${master} wants a name and a password or another kind of proof, and is no feed of a master (HTTP 401).`,
      );
    case 'site':
      return siteError(master, failure.code, failure.purge ?? false);
    case 'misdirected':
      return misdirectedError(master);
    case 'distrust':
      return distrustError(master, failure);
    case 'encoding':
      return new FeedError('CODING_REFUSED', {
        what: `The answer of ${master} cannot be read: ${failure.described}.`,
        remedy:
          'Look for a proxy before the master that packs answers, and let it pass /feed/ on as it is. Otherwise compare the versions of both nodes.',
        cause: failure.error,
      });
    case 'other':
      return forgedError(master, failure.described);
    default:
      return new FeedError('ANSWER_TOO_LARGE', {
        what: `The answer of ${master} is larger than the ${sizeText(failure.maximumBytes)} that this node accepts for it.`,
        remedy:
          'Compare the versions of both nodes and bring the older one up to date; if they are equal, report this as a defect of the master.',
      });
  }
}

function siteError(master: string, code: SiteErrorCode, purge: boolean): FeedError {
  return new FeedError(code, { what: siteErrors[code].what(master), remedy: siteErrors[code].remedy, purge });
}

function addressError(master: string, cause?: unknown): FeedError {
  return new FeedError('ADDRESS_REFUSED', {
    what: `${master} leads to a link-local address or to the metadata service of a cloud, where no master is.`,
    remedy: 'Check the address of the master, and what its name resolves to on this host.',
    ...(cause !== undefined && { cause }),
  });
}

function brokenError(master: string, error: RequestError, answering: boolean): FeedError {
  if (error instanceof TimeoutError) return timeoutError(master, error);
  if (error.code === 'ERR_ADDRESS_REFUSED') return addressError(master, error);
  if (error.code.startsWith('HPE_')) return notSpokenError(master, `What answers at ${master} is no web server (${error.code}).`, error);
  if (answering) return truncatedError(master, 'the connection was cut', error);
  const tls = tlsReason(error);
  if (tls !== null) {
    return new FeedError('MASTER_UNREACHABLE', {
      what: `No secure connection to the master ${master}: ${tls}.`,
      remedy: 'Renew or install the certificate on the master, or make its authority known to this node (NODE_EXTRA_CA_CERTS).',
      cause: error,
    });
  }
  return new FeedError('MASTER_UNREACHABLE', {
    what: `The master ${master} cannot be reached: ${networkReason(error)}.`,
    remedy: `Check that the master runs, that its address is right (http or https, host, port), and that this node reaches it. ${triesAgain}`,
    cause: error,
  });
}

function timeoutError(master: string, error: TimeoutError): FeedError {
  const stages: Record<string, string> = {
    lookup: 'its name was not resolved',
    connect: 'it accepted no connection',
    secureConnect: 'it agreed on no secure connection',
    response: 'it did not begin to answer',
    socket: 'nothing came over the line',
  };
  return new FeedError('MASTER_TIMEOUT', {
    what: `The master ${master} took too long: ${stages[error.event] ?? 'its answer was not complete'} in time (${error.message}).`,
    remedy: `Check the load of the master and the line to it. ${triesAgain}`,
    cause: error,
  });
}

function statusError(master: string, status: number): FeedError {
  if (status >= 500 || status === 429 || status === 408) {
    return new FeedError('MASTER_ERROR', {
      what: `The master ${master}, or a proxy before it, answered that it cannot serve now (HTTP ${status}).`,
      remedy: `Look into the log of the master and its readiness (/readyz). ${triesAgain}`,
    });
  }
  if (status >= 300 && status < 400) {
    return new FeedError('REDIRECTED', {
      what: `${master} redirects elsewhere, and a redirect is never followed (HTTP ${status}).`,
      remedy: `Link with the address to which it leads, if that is the master's own; ${master} has to answer by itself, without a log-in page before it.`,
    });
  }
  return notSpokenError(master, `${master} gave an answer that is not foreseen here (HTTP ${status}).`);
}

function distrustError(
  master: string,
  { reason, skewMs, status }: { reason: SignatureRefusal; skewMs: number | undefined; status: number },
): FeedError {
  if (reason === 'clock' && skewMs !== undefined) return clockError(skewMs);
  if (reason === 'missing')
    return notSpokenError(master, `What answers at ${master} does not sign its answers, so it is no master (HTTP ${status}).`);
  return forgedError(master, `its signature does not hold (${reason})`);
}

function tokenError(master: string): FeedError {
  return new FeedError('TOKEN_REFUSED', {
    what: `The master ${master} refuses this node's signature.`,
    remedy:
      'Set the same SYNC_TOKEN on both nodes and restart them. If it is the same, a proxy between them changes what was signed: it must pass on the Host header, the path and the query as they are.',
  });
}

function misdirectedError(master: string): FeedError {
  return new FeedError('MISDIRECTED', {
    what: `A master answers at ${master} and refuses: it doesn't go by this name, or isn't the node that was asked a moment ago.`,
    remedy:
      'Look who answers under this address: it may be a stranger who passes requests on. Link with a name that FEED_NAMES of the master has, or add this one there if it leads to the master itself.',
  });
}

function clockError(skewMs: number): FeedError {
  const relation = skewMs < 0 ? 'ahead of' : 'behind';
  return new FeedError('CLOCK_DIFFERS', {
    what: `This node's clock is ${durationOf(Math.abs(skewMs))} ${relation} the master's, and signatures hold for five minutes only.`,
    remedy:
      'Set the clock that is wrong and let both nodes follow a time server (NTP). It is tried again every ten minutes, or at once if you ask for it.',
  });
}

function notSpokenError(master: string, what: string, cause?: unknown): FeedError {
  return new FeedError('PROTOCOL_NOT_SPOKEN', {
    what,
    remedy: `Check the address of the master (${master}): scheme, host, port and path must lead to the node itself, without a log-in page, password or redirect between.`,
    ...(cause !== undefined && { cause }),
  });
}

function forgedError(master: string, why: string): FeedError {
  return new FeedError('ANSWER_FORGED', {
    what: `An answer under the address of ${master} is not what the master signed for this request: ${why}. It was thrown away.`,
    remedy:
      'If it happens again, something between the nodes alters the answers: look for a proxy, cache or filter, and connect without it.',
  });
}

function truncatedError(master: string, how: string, cause?: unknown): FeedError {
  return new FeedError('ANSWER_TRUNCATED', {
    what: `The answer of the master ${master} broke off: ${how}. The part that came was thrown away.`,
    remedy: `If the line is known to be poor, nothing. ${triesAgain} Otherwise check the line and the log of the master.`,
    ...(cause !== undefined && { cause }),
  });
}

const tlsReasons: Record<string, string> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: "its certificate is not valid yet (or this node's clock is behind)",
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority unknown to this node',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an authority unknown to this node',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority unknown to this node',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  EPROTO: 'it does not speak TLS there, or no common version of it',
};

function tlsReason({ code, message }: RequestError): string | null {
  if (!(code in tlsReasons) && !/^(ERR_TLS_|ERR_SSL_|CERT_)/.test(code)) return null;
  return tlsReasons[code] ?? `${message} (${code})`;
}

const networkReasons: Record<string, string> = {
  ECONNREFUSED: 'the connection was refused',
  ETIMEDOUT: 'no connection was taken in time',
  ENOTFOUND: 'its name is unknown',
  EAI_AGAIN: 'its name could not be resolved now',
  ECONNRESET: 'the connection was reset before an answer came',
  EPIPE: 'the connection was closed before the request was sent',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its network',
};

function networkReason({ code, message }: RequestError): string {
  return networkReasons[code] ?? `${message} (${code})`;
}

function durationOf(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}
