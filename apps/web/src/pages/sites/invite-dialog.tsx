import { Text, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CreatedSite, Site } from '@dossier/protocol/site.ts';
import { useInviteSite } from '../../api/sites.ts';
import { whenDone } from '../../api/when-done.ts';
import { Dialog } from '../../components/dialog.tsx';
import { useFieldFault } from '../../components/field-fault.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { InvitationCode } from './invitation-code.tsx';
import { ListsChoice, useExisting } from './lists-choice.tsx';
import type { GrantedLists } from './lists-choice.tsx';

interface InviteDialogProps {
  /** The invited site whose unused code is made anew. */
  readonly replaced?: Site;
  readonly onClose: () => void;
}

interface Made {
  readonly site: CreatedSite & { readonly code: string };
  /** By this browser's clock. */
  readonly expires: number;
}

/** Invites a site: its name and its lists, and then the code that lets it in. */
export function InviteDialog({ replaced, onClose }: InviteDialogProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const invite = useInviteSite();
  const existing = useExisting();
  const faultOf = useFieldFault(invite.error);
  const [name, setName] = useState(replaced?.name ?? '');
  const [lists, setLists] = useState<GrantedLists>(replaced?.lists ?? null);
  const [replaces, setReplaces] = useState(replaced?.id ?? null);
  const [made, setMade] = useState<Made | null>(null);
  const submit = (): void => {
    const asked = invite.mutateAsync({ name: name.trim(), lists: existing(lists), replaces });
    whenDone(asked, (site) => {
      if (site.code !== null) setMade({ site: { ...site, code: site.code }, expires: Date.now() + lifetimeOf(site) });
    });
    // The old one is taken back first: whoever tries again hasn't got it any more.
    asked.catch(() => setReplaces(null));
  };
  if (made !== null) {
    // The page of the entry that this one took the place of is the page of nothing now.
    const leave = (): void => {
      onClose();
      if (replaced) void navigate({ to: '/sites/$id', params: { id: String(made.site.id) } });
    };
    return (
      <Dialog title={t('sites.invite.ready', { name: made.site.name })} onClose={leave} size="lg">
        <InvitationCode site={made.site} code={made.site.code} expires={made.expires} onClose={leave} />
      </Dialog>
    );
  }
  return (
    <FormDialog
      title={t('sites.invite.title')}
      onClose={onClose}
      onSubmit={submit}
      submitLabel={t('sites.invite.button')}
      disabled={name.trim() === ''}
      busy={invite.isPending}
      error={invite.error}
    >
      <TextInput
        label={t('sites.invite.nameLabel')}
        description={t('sites.invite.nameHint')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={faultOf('name')}
        maxLength={100}
        autoComplete="off"
        required
        data-autofocus
      />
      <ListsChoice label={t('sites.invite.lists')} value={lists} onChange={setLists} />
      {replaced && (
        <Text size="sm" c="dimmed">
          {t('sites.invite.again', { name: replaced.name })}
        </Text>
      )}
    </FormDialog>
  );
}

/** How long the code works, whatever this browser's clock shows. */
function lifetimeOf({ invitation, created_date: created }: CreatedSite): number {
  return invitation === null ? 0 : Date.parse(invitation.expires_date) - Date.parse(created);
}
