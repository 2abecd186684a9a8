import { useState } from 'react';
import { useSession } from '../api/session.ts';

/** What somebody was writing: it outlives the form, the page and the session, in this tab and for this person only. */
interface StoredDraft<Content, Base> {
  readonly content: Content;
  /** What was there when the writing began. */
  readonly base: Base;
  /** ISO 8601. */
  readonly at: string;
  /** Whether the form was open when it was last seen. */
  readonly open: boolean;
}

export interface Draft<Content, Base> {
  readonly content: Content;
  readonly base: Base;
  /** Since when what was written before has been kept; null if this is new. */
  readonly keptSince: string | null;
  change(facts: Partial<Content>): void;
  /** Goes on from another state of what is changed. */
  rebase(base: Base, content: Content): void;
  /** Forgets what was written; the form begins anew with `fresh`. */
  discard(): void;
  /** The form is closed; what was written stays. */
  leave(): void;
}

function useDraftKey(subject: string): string {
  const { data: user } = useSession();
  return `dossier-draft ${user?.name ?? ''} ${subject}`;
}

function read<Content, Base>(key: string): StoredDraft<Content, Base> | null {
  const text = sessionStorage.getItem(key);
  return text === null ? null : (JSON.parse(text) as StoredDraft<Content, Base>);
}

function write<Content, Base>(key: string, draft: StoredDraft<Content, Base>): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(draft));
  } catch {
    // Full, or switched off: then it lives as long as the form.
  }
}

/** Whether the form of this subject was open, and written in, when the page or the session ended. */
export function useInterruptedDraft(subject: string): boolean {
  return read(useDraftKey(subject))?.open === true;
}

/** What is written in the form of this subject, such as "dossier 7"; what was written before is there again. */
export function useDraft<Content extends object, Base>(
  subject: string,
  fresh: () => { content: Content; base: Base },
): Draft<Content, Base> {
  const key = useDraftKey(subject);
  const [keptSince, setKeptSince] = useState(() => read<Content, Base>(key)?.at ?? null);
  const [state, setState] = useState(() => read<Content, Base>(key) ?? fresh());
  const keep = (next: { content: Content; base: Base }): void => {
    setState(next);
    write(key, { ...next, at: new Date().toISOString(), open: true });
  };
  return {
    content: state.content,
    base: state.base,
    keptSince,
    change: (facts) => keep({ base: state.base, content: { ...state.content, ...facts } }),
    rebase: (base, content) => keep({ base, content }),
    discard() {
      sessionStorage.removeItem(key);
      setKeptSince(null);
      setState(fresh());
    },
    leave() {
      const kept = read<Content, Base>(key);
      if (kept !== null) write(key, { ...kept, open: false });
    },
  };
}
