import { Group, Paper, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

interface EmptyProps {
  readonly icon: ReactNode;
  readonly title: string;
  readonly children: ReactNode;
  /** What to do next. */
  readonly actions?: ReactNode;
}

/** Stands where nothing is yet, and says what to do next. */
export function Empty({ icon, title, children, actions }: EmptyProps) {
  return (
    <Paper withBorder p="xl" ta="center">
      <Text c="dimmed" component="div" aria-hidden>
        {icon}
      </Text>
      <Title order={2} size="h4" mt="xs">
        {title}
      </Title>
      <Text c="dimmed" maw={560} mx="auto" mt={4} component="div">
        {children}
      </Text>
      {actions !== undefined && (
        <Group justify="center" mt="md" gap="xs">
          {actions}
        </Group>
      )}
    </Paper>
  );
}
