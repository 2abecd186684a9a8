import { Button, Checkbox, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useListFinder } from './list-finder.tsx';
import { Name } from './name.tsx';

export interface ChoosableList {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  /** Whether it is among those that are chosen together. */
  readonly common: boolean;
}

interface ListChoicesProps {
  readonly label: string;
  readonly lists: readonly ChoosableList[];
  readonly value: ReadonlySet<number>;
  readonly onChange: (chosen: ReadonlySet<number>) => void;
}

/** Some of many lists: a box that finds by name, the lists that it finds, and all of them by one button. */
export function ListChoices({ label, lists, value, onChange }: ListChoicesProps) {
  const { t } = useTranslation();
  const { found, shown, box, words } = useListFinder(lists);
  const together = found.filter(({ id, common }) => common && !value.has(id));
  return (
    <Stack gap="xs">
      {box}
      <Checkbox.Group label={label} value={[...value].map(String)} onChange={(chosen) => onChange(new Set(chosen.map(Number)))}>
        <Stack gap="xs" mt="xs" mah={300} style={{ overflowY: 'auto' }}>
          {shown.map(({ id, name, description }) => (
            <Checkbox key={id} value={String(id)} label={<Name>{name}</Name>} description={description} />
          ))}
        </Stack>
      </Checkbox.Group>
      <Text size="sm" c="dimmed" role="status">
        {[...(value.size > 0 ? [t('bulk.linking.chosen', { count: value.size })] : []), ...(words === '' ? [] : [words])].join(' · ')}
      </Text>
      {lists.length > 1 && (
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            disabled={together.length === 0}
            onClick={() => onChange(new Set([...value, ...together.map(({ id }) => id)]))}
          >
            {t('bulk.linking.chooseFound', { count: together.length })}
          </Button>
          <Button size="xs" variant="subtle" disabled={value.size === 0} onClick={() => onChange(new Set())}>
            {t('bulk.linking.chooseNone')}
          </Button>
        </Group>
      )}
    </Stack>
  );
}
