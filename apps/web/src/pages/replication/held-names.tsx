import { Button, List } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Held, HeldKind } from '@dossier/protocol/held.ts';
import { inPlace } from '../../address.ts';
import { useHeldDossiers } from '../../api/held.ts';
import { Loaded } from '../../components/loaded.tsx';
import { PersonChanges } from '../../components/person-changes.tsx';
import { heldKinds } from './search.ts';

/** What would go and change, all of it by name, kind by kind; of the first of each kind from what to what. */
export function HeldNames({ list, held }: { list: number; held: Held }) {
  const { t } = useTranslation();
  const kinds = heldKinds.filter((kind) => held[kind] > 0);
  const { held: wanted } = useSearch({ from: '/replication/$list' });
  const navigate = useNavigate({ from: '/replication/$list' });
  const shown = kinds.find((kind) => (wanted === undefined ? kind === 'lost' || kind === 'removing' : kind === wanted));
  return (
    <div>
      <Button.Group>
        {kinds.map((kind) => (
          <Button
            key={kind}
            size="compact-sm"
            variant={kind === shown ? 'filled' : 'default'}
            aria-pressed={kind === shown}
            onClick={() => void navigate({ search: (before) => ({ ...before, held: kind === shown ? 'none' : kind }), ...inPlace })}
          >
            {t(`replication.held.kinds.${kind}`)}
          </Button>
        ))}
      </Button.Group>
      {shown !== undefined && <Names list={list} difference={held.difference} kind={shown} />}
    </div>
  );
}

function Names({ list, difference, kind }: { list: number; difference: string; kind: HeldKind }) {
  const { t } = useTranslation();
  const pages = useHeldDossiers(list, { kind, difference });
  return (
    <Loaded query={pages}>
      {(data) => (
        <>
          <List size="sm" mt="xs" mah={360} style={{ overflowY: 'auto' }} tabIndex={0} aria-label={t(`replication.held.kinds.${kind}`)}>
            {data.pages
              .flatMap((page) => page.results)
              .map((dossier) => (
                <PersonChanges
                  key={dossier.dossier}
                  id={dossier.id}
                  name={dossier.name ?? dossier.dossier}
                  external={dossier.external_id}
                  before={dossier.before}
                  after={dossier.after}
                />
              ))}
          </List>
          {pages.hasNextPage && (
            <Button
              size="compact-sm"
              variant="default"
              mt="xs"
              loading={pages.isFetchingNextPage}
              onClick={() => void pages.fetchNextPage()}
            >
              {t('common.more')}
            </Button>
          )}
        </>
      )}
    </Loaded>
  );
}
