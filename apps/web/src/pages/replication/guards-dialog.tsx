import { Group, NumberInput, Switch, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { defaultGuards } from '@dossier/domain/guards.ts';
import type { Guards } from '@dossier/domain/guards.ts';
import type { Link } from '@dossier/protocol/sync.ts';
import { useChangeLink } from '../../api/held.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { useTell } from '../../components/tell.ts';

/** The bounds of a link beyond which a sync waits for a person. */
export function GuardsDialog({ link, onClose }: { link: Link; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const change = useChangeLink();
  const [guards, setGuards] = useState<Guards>({ ...link.guards, ...link.proposed_guards?.guards } as Guards);
  const set = (facts: Partial<Guards>): void => setGuards((before) => ({ ...before, ...facts }));
  const submit = (): void =>
    change.mutate(
      { list: link.slave_dossier_list, guards },
      {
        onSuccess(changed) {
          tell(t(changed.proposed_guards === null ? 'replication.guards.done' : 'replication.guards.proposed'));
          onClose();
        },
      },
    );
  return (
    <FormDialog title={t('replication.guards.title')} onClose={onClose} onSubmit={submit} busy={change.isPending} error={change.error}>
      <Text size="sm">{t('replication.guards.text')}</Text>
      {link.proposed_guards !== null && <Text size="sm">{t('replication.guards.proposedBy', { who: link.proposed_guards.by })}</Text>}
      <Switch
        label={t('replication.guards.emptied')}
        checked={guards.emptied}
        onChange={(event) => set({ emptied: event.currentTarget.checked })}
      />
      {(['deletions', 'changes'] as const).map((name) => (
        <Guard
          key={name}
          label={t(`replication.guards.${name}`)}
          value={guards[name]}
          preset={defaultGuards[name]}
          onChange={(value) => set({ [name]: value })}
        />
      ))}
      <Guard
        label={t('replication.guards.deactivations')}
        value={guards.deactivations}
        preset={defaultGuards.deactivations}
        onChange={(deactivations) => set({ deactivations })}
      />
      <Guard
        label={t('replication.guards.growth')}
        value={guards.growth}
        preset={defaultGuards.growth}
        onChange={(growth) => set({ growth })}
      />
      <Guard
        label={t('replication.guards.weekly')}
        value={guards.weekly}
        preset={defaultGuards.weekly}
        onChange={(weekly) => set({ weekly })}
      />
    </FormDialog>
  );
}

interface GuardProps<Bounds extends object> {
  readonly label: string;
  readonly value: Bounds | null;
  /** What a guard that is switched on again begins with. */
  readonly preset: Bounds | null;
  readonly onChange: (value: Bounds | null) => void;
}

/** One guard: on or off, and its bounds. */
function Guard<Bounds extends { count?: number; percent?: number; factor?: number }>({
  label,
  value,
  preset,
  onChange,
}: GuardProps<Bounds>) {
  const { t } = useTranslation();
  const bounds: { count?: number; percent?: number; factor?: number } = value ?? {};
  const fields = (['count', 'percent', 'factor'] as const).filter((name) => bounds[name] !== undefined);
  return (
    <div>
      <Switch label={label} checked={value !== null} onChange={(event) => onChange(event.currentTarget.checked ? preset : null)} />
      {value !== null && (
        <Group gap="sm" mt={6} ml={44}>
          {fields.map((name) => (
            <NumberInput
              key={name}
              label={t(`replication.guards.fields.${name}`)}
              aria-label={`${label}: ${t(`replication.guards.fields.${name}`)}`}
              value={bounds[name] ?? 0}
              onChange={(given) => typeof given === 'number' && onChange({ ...value, [name]: given })}
              min={name === 'factor' ? 1 : 0}
              {...(name === 'percent' && { max: 100 })}
              size="xs"
              w={130}
              hideControls
            />
          ))}
        </Group>
      )}
    </div>
  );
}
