import { useTranslation } from 'react-i18next';

/** Labels of the Encoding Standard that files of people come in, with names that people know them by, and what is written in each. */
const encodings = {
  'utf-8': ['UTF-8'],
  'utf-16le': ['UTF-16 LE'],
  'utf-16be': ['UTF-16 BE'],
  'windows-1252': ['Windows-1252', 'western'],
  'windows-1250': ['Windows-1250', 'central'],
  'windows-1251': ['Windows-1251', 'cyrillic'],
  'windows-1253': ['Windows-1253', 'greek'],
  'windows-1254': ['Windows-1254', 'turkish'],
  'windows-1255': ['Windows-1255', 'hebrew'],
  'windows-1256': ['Windows-1256', 'arabic'],
  'koi8-r': ['KOI8-R', 'cyrillic'],
  ibm866: ['CP866 (DOS)', 'cyrillic'],
  gb18030: ['GB 18030', 'chinese'],
  big5: ['Big5', 'chinese'],
  shift_jis: ['Shift JIS', 'japanese'],
  'euc-kr': ['EUC-KR', 'korean'],
} as const;
export const encodingLabels = Object.keys(encodings);

/** What people call an encoding. */
export function useEncodingName(): (label: string) => string {
  const { t } = useTranslation();
  const known = new Map<string, (typeof encodings)[keyof typeof encodings]>(Object.entries(encodings));
  return (label) => {
    const [name = label, script] = known.get(label) ?? [];
    return script === undefined ? name : `${name}, ${t(`imports.scripts.${script}`)}`;
  };
}
