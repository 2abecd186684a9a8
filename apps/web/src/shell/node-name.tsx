import { Text } from '@mantine/core';
import type { TextProps } from '@mantine/core';
import { useNode } from '../api/node.ts';
import { Name } from '../components/name.tsx';

/** What this node is called. */
export function NodeName(props: Pick<TextProps, 'visibleFrom' | 'hiddenFrom' | 'px' | 'pb'>) {
  const { data: node } = useNode();
  if (!node) return null;
  return (
    <Text span size="sm" c="dimmed" truncate maw={260} {...props}>
      <Name>{node.name}</Name>
    </Text>
  );
}
