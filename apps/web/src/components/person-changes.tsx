import { Anchor, List, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { HistoryValues } from '@dossier/protocol/history.ts';
import { Changes } from './changes.tsx';
import { Name } from './name.tsx';

interface PersonChangesProps {
  /** The local id; null for a dossier that isn't here. */
  readonly id: number | null;
  readonly name: string;
  readonly external: string | null;
  readonly before: HistoryValues;
  readonly after: HistoryValues;
}

/** One dossier of several: who it is, with a link where it is here, and what becomes of it. */
export function PersonChanges({ id, name, external, before, after }: PersonChangesProps) {
  return (
    <List.Item mb={6}>
      {id === null ? (
        <Name>{name}</Name>
      ) : (
        <Anchor size="sm" underline="always" renderRoot={(props) => <Link {...props} to="/dossiers" search={{ open: id }} />}>
          <Name>{name}</Name>
        </Anchor>
      )}
      {external !== null && (
        <Text span size="xs" c="dimmed">
          {' '}
          {external}
        </Text>
      )}
      <Changes before={after === null ? withoutKnown(before) : before} after={before === null ? withoutKnown(after) : after} />
    </List.Item>
  );
}

/** Of who comes or goes: what isn't said already, or goes without saying. */
function withoutKnown(values: HistoryValues): HistoryValues {
  if (values === null) return null;
  const { name: _name, external_id: _external, active, ...rest } = values;
  return active === false ? { active, ...rest } : rest;
}
