import { lazy, Suspense } from 'react';
import type { Site } from '@dossier/protocol/site.ts';
import { AcceptDialog } from './accept-dialog.tsx';
import { ForgetDialog } from './forget-dialog.tsx';
import { GrantDialog } from './grant-dialog.tsx';
import { RefuseDialog } from './refuse-dialog.tsx';
import { RenameDialog } from './rename-dialog.tsx';
import { RestDialog } from './rest-dialog.tsx';
import { RevokeDialog } from './revoke-dialog.tsx';
import type { SiteDialog } from './search.ts';

const InviteDialog = lazy(async () => ({ default: (await import('./invite-dialog.tsx')).InviteDialog }));

interface SiteDialogsProps {
  readonly site: Site;
  readonly opened: SiteDialog;
  readonly onClose: () => void;
}

/** The dialog of a site that is open. */
export function SiteDialogs({ site, opened, onClose }: SiteDialogsProps) {
  switch (opened) {
    case 'accept':
      return <AcceptDialog site={site} onClose={onClose} />;
    case 'rest':
      return <RestDialog site={site} onClose={onClose} />;
    case 'refuse':
      return <RefuseDialog site={site} onClose={onClose} />;
    case 'grant':
      return <GrantDialog site={site} onClose={onClose} />;
    case 'revoke':
      return <RevokeDialog site={site} onClose={onClose} />;
    case 'rename':
      return <RenameDialog site={site} onClose={onClose} />;
    case 'forget':
    case 'take-back':
      return <ForgetDialog site={site} onClose={onClose} />;
    case 'invite':
      return (
        <Suspense>
          <InviteDialog replaced={site} onClose={onClose} />
        </Suspense>
      );
  }
}
