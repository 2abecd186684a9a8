import { Text } from '@mantine/core';

/** What the node itself said, with the particulars, where the page says it in another language. */
export function Original({ text }: { text: string | null }) {
  if (text === null) return null;
  return (
    <Text size="xs" c="dimmed" lang="en" className="wrap">
      {text}
    </Text>
  );
}
