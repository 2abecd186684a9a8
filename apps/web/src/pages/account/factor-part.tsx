import { Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** A part of the second factor: what it is, how it stands, and what can be done. */
export function FactorPart({ title, text, action, children }: { title: string; text: string; action: ReactNode; children?: ReactNode }) {
  return (
    <div>
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Title order={3} size="h5">
            {title}
          </Title>
          <Text size="sm" c="dimmed" maw={440}>
            {text}
          </Text>
        </div>
        {action}
      </Group>
      {children}
    </div>
  );
}
