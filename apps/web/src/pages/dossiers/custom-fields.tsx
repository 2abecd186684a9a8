import { Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { valueOf } from '@dossier/domain/declaration.ts';
import { shownLines } from '@dossier/domain/shown-text.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { Name } from '../../components/name.tsx';
import { fieldsOf, labelOf } from './declared.ts';
import { DeclaredValue, MisfitMark } from './declared-value.tsx';

interface CustomFieldsProps {
  readonly meta: Readonly<Record<string, unknown>>;
  /** The lists that hold the dossier. */
  readonly lists: readonly WatchList[];
}

/** The fields that the dossier's lists declare, as they say, and then the others, as they are. */
export function CustomFields({ meta, lists }: CustomFieldsProps) {
  const { t, i18n } = useTranslation();
  const fields = fieldsOf(lists);
  const declared = fields.filter(({ name, required }) => required || valueOf(meta, name) !== undefined);
  const others = Object.entries(meta).filter(([key]) => !fields.some(({ name }) => name === key));
  if (declared.length + others.length === 0) return null;
  return (
    <section>
      <Title order={3} size="h5" mb="xs">
        {t('dossiers.customFields')}
      </Title>
      <dl className="facts">
        {declared.map((field) => (
          <div key={field.name} className="fact">
            <dt>
              <Name>{labelOf(field, i18n.language)}</Name>
            </dt>
            <dd>
              <DeclaredValue field={field} meta={meta} /> <MisfitMark field={field} meta={meta} />
            </dd>
          </div>
        ))}
        {others.map(([key, value]) => (
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
