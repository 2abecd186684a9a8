import { Text } from '@mantine/core';
import { useNode } from '../api/node.ts';
import { Name } from '../components/name.tsx';

/** What this node is called. */
export function NodeName() {
  const { data: node } = useNode();
  if (!node) return null;
  return (
    <Text span size="sm" c="dimmed" truncate maw={260} visibleFrom="md">
      <Name>{node.name}</Name>
    </Text>
  );
}
