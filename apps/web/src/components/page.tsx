import { Group, Stack, Text, Title } from '@mantine/core';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useNode } from '../api/node.ts';
import { shownText } from '@dossier/domain/shown-text.ts';
import { Name } from './name.tsx';

interface PageProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** The frame of a page: its title, here and on the tab, what can be done, and the content. */
export function Page({ title, description, actions, children }: PageProps) {
  const { t } = useTranslation();
  const { data: node } = useNode();
  useEffect(() => {
    document.title = `${shownText(title)} · ${shownText(node?.name ?? t('shell.title'))}`;
  }, [title, node?.name, t]);
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
