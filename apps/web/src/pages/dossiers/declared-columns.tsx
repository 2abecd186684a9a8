import { useTranslation } from 'react-i18next';
import type { DeclaredField } from '@dossier/domain/declaration.ts';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import { Name } from '../../components/name.tsx';
import { labelOf } from './declared.ts';
import { DeclaredValue, MisfitSign } from './declared-value.tsx';

/** The headings of the columns that a list declares. */
export function DeclaredHeadings({ fields }: { fields: readonly DeclaredField[] }) {
  const { i18n } = useTranslation();
  return fields.map((field) => (
    <th key={field.name} scope="col">
      <Name>{labelOf(field, i18n.language)}</Name>
    </th>
  ));
}

/** What a dossier has in these columns. */
export function DeclaredCells({ fields, dossier: { meta } }: { fields: readonly DeclaredField[]; dossier: Dossier }) {
  return fields.map((field) => (
    <td key={field.name}>
      <MisfitSign field={field} meta={meta} /> <DeclaredValue field={field} meta={meta} />
    </td>
  ));
}
