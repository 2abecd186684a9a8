import { lazy, Suspense } from 'react';
import type { ComponentType } from 'react';
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

interface DialogOfSiteProps {
  readonly site: Site;
  readonly onClose: () => void;
}

const dialogs: Readonly<Record<SiteDialog, ComponentType<DialogOfSiteProps>>> = {
  accept: AcceptDialog,
  rest: RestDialog,
  refuse: RefuseDialog,
  grant: GrantDialog,
  revoke: RevokeDialog,
  rename: RenameDialog,
  forget: ForgetDialog,
  'take-back': ForgetDialog,
  invite: InviteAgain,
};

/** The dialog of a site that is open. */
export function SiteDialogs({ opened, ...props }: DialogOfSiteProps & { opened: SiteDialog }) {
  const Opened = dialogs[opened];
  return <Opened {...props} />;
}

function InviteAgain({ site, onClose }: DialogOfSiteProps) {
  return (
    <Suspense>
      <InviteDialog replaced={site} onClose={onClose} />
    </Suspense>
  );
}
