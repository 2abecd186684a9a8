import { shownText } from '@dossier/domain/shown-text.ts';

/** A name as people gave it: it turns nothing around it, and what can't be seen in it is made visible. */
export function Name({ children }: { children: string }) {
  return <bdi>{shownText(children)}</bdi>;
}
