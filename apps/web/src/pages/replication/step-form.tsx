import { Button, Group, Stack } from '@mantine/core';
import type { ReactNode } from 'react';

interface StepFormProps {
  readonly back: string;
  readonly onBack: () => void;
  readonly forward: string;
  readonly onForward: () => void;
  readonly disabled: boolean;
  readonly busy: boolean;
  readonly danger?: boolean;
  readonly children: ReactNode;
}

/** A step of a dialog, with the ways back and forward; Enter goes forward. */
export function StepForm({ back, onBack, forward, onForward, disabled, busy, danger, children }: StepFormProps) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onForward();
      }}
    >
      <Stack mt="md">
        {children}
        <Group justify="flex-end">
          <Button variant="default" onClick={onBack}>
            {back}
          </Button>
          <Button type="submit" loading={busy} disabled={disabled} {...(danger === true && { color: 'red.8' })}>
            {forward}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
