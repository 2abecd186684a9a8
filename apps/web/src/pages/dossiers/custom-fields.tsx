import { Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { shownLines } from '@dossier/domain/shown-text.ts';
import { Name } from '../../components/name.tsx';

/** The fields that the list's owner added, as they are. */
export function CustomFields({ meta }: { meta: Readonly<Record<string, unknown>> }) {
  const { t } = useTranslation();
  const entries = Object.entries(meta);
  if (entries.length === 0) return null;
  return (
    <section>
      <Title order={3} size="h5" mb="xs">
        {t('dossiers.customFields')}
      </Title>
      <dl className="facts">
        {entries.map(([key, value]) => (
          <div key={key} className="fact">
            <dt>
              <Name>{key}</Name>
            </dt>
            <dd>
              <bdi className="written">{shownLines(typeof value === 'string' ? value : JSON.stringify(value))}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
