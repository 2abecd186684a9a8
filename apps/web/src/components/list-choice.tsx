import { Radio, Stack, Text } from '@mantine/core';
import { useListFinder } from './list-finder.tsx';
import { Name } from './name.tsx';

interface Choice {
  readonly value: string;
  readonly name: string;
  readonly description: string;
}

interface ListChoiceProps {
  readonly label: string;
  readonly value: string | null;
  readonly onChoose: (value: string) => void;
  /** A choice that is there whatever is looked for. */
  readonly always?: Choice;
  readonly choices: readonly Choice[];
}

/** One of many lists: a box that finds by name, and the lists that it finds. */
export function ListChoice({ label, value, onChoose, always, choices }: ListChoiceProps) {
  const { shown, box, words } = useListFinder(choices);
  const chosen = choices.find((choice) => choice.value === value);
  // What is chosen stays on view.
  const offered = [...(always ? [always] : []), ...(chosen && !shown.includes(chosen) ? [chosen] : []), ...shown];
  return (
    <Stack gap="xs">
      {box}
      <Radio.Group label={label} value={value} onChange={onChoose}>
        <Stack gap="xs" mt="xs" mah={300} style={{ overflowY: 'auto' }}>
          {offered.map((choice) => (
            <Radio key={choice.value} value={choice.value} label={<Name>{choice.name}</Name>} description={choice.description} />
          ))}
        </Stack>
      </Radio.Group>
      <Text size="sm" c="dimmed" role="status">
        {words}
      </Text>
    </Stack>
  );
}
