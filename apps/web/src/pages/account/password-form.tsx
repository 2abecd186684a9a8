import { Button, Group, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useChangeOwnPassword } from '../../api/session.ts';
import { useFieldFault } from '../../components/field-fault.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useTellEnded } from '../../components/tell-ended.ts';

const empty = { current: '', next: '', again: '' };

/** The own password: the one now, and the one to come twice. */
export function PasswordForm() {
  const { t } = useTranslation();
  const tell = useTellEnded();
  const change = useChangeOwnPassword();
  const [fields, setFields] = useState(empty);
  const set = (facts: Partial<typeof empty>): void => setFields((before) => ({ ...before, ...facts }));
  const different = fields.again !== '' && fields.again !== fields.next;
  const submit = (): void =>
    change.mutate(
      { password: fields.current, new_password: fields.next },
      {
        onSuccess({ ended }) {
          tell(t('account.changed'), ended);
          setFields(empty);
        },
      },
    );
  const faultOf = useFieldFault(change.error);
  const faults = { current: faultOf('password'), next: faultOf('new_password') };
  return (
    <Paper withBorder p="md" maw={560}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack>
          <Title order={2} size="h4">
            {t('account.password')}
          </Title>
          <PasswordInput
            label={t('account.current')}
            value={fields.current}
            onChange={(event) => set({ current: event.currentTarget.value })}
            error={faults.current}
            autoComplete="current-password"
            required
          />
          <PasswordInput
            label={t('account.new')}
            description={t('account.rules')}
            value={fields.next}
            onChange={(event) => set({ next: event.currentTarget.value })}
            error={faults.next}
            autoComplete="new-password"
            required
          />
          <PasswordInput
            label={t('account.again')}
            value={fields.again}
            onChange={(event) => set({ again: event.currentTarget.value })}
            error={different ? t('account.different') : undefined}
            autoComplete="new-password"
            required
          />
          <Text size="sm" c="dimmed">
            {t('account.ends')}
          </Text>
          {faults.current === undefined && faults.next === undefined && <ProblemAlert error={change.error} />}
          <Group justify="flex-end">
            <Button type="submit" loading={change.isPending} disabled={fields.next === '' || fields.next !== fields.again}>
              {t('account.change')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
