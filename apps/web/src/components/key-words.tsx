import { Text } from '@mantine/core';

/** The four words of a key, as people read them to each other: English on every node. */
export function KeyWords({ words, large = false }: { words: string; large?: boolean }) {
  return (
    <Text component="span" lang="en" translate="no" ff="monospace" fw={650} {...(large ? { fz: 'lg' } : { fz: 'sm' })}>
      {words}
    </Text>
  );
}
