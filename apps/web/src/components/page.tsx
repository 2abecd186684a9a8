import { Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useNode } from '../api/node.ts';
import { Name } from './name.tsx';
import { useTitle } from './use-title.ts';

interface PageProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** The frame of a page: its title, here and on the tab, what can be done, and the content. */
export function Page({ title, description, actions, children }: PageProps) {
  useTitle(title, useNode().data?.name);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Title order={1} size="h2">
            <Name>{title}</Name>
          </Title>
          {description !== undefined && (
            <Text component="div" c="dimmed" size="sm" mt={4} maw={720}>
              {description}
            </Text>
          )}
        </div>
        {actions !== undefined && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
