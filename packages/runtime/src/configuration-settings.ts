import { configurationKeys, rules } from './configuration-schema.ts';
import type { ConfigurationKey, ConfigurationValues } from './configuration-schema.ts';

/** A key with the value that the node runs with, fit to be shown. */
export interface Setting {
  readonly key: ConfigurationKey;
  /** As it would stand in the environment; null where it is not set. Of a secret only that it is set. */
  readonly value: string | null;
  readonly secret: boolean;
  /** Completes the sentence "allowed is …". */
  readonly allowed: string;
}

const masked = '••••••••';

/** All keys in the order of the documentation. No value holds a secret. */
export function describeSettings(values: ConfigurationValues): Setting[] {
  return configurationKeys.map((key) => ({
    key,
    value: show(key, values[key]),
    secret: rules[key].secret === 'all',
    allowed: rules[key].allowed,
  }));
}

function show(key: ConfigurationKey, value: ConfigurationValues[ConfigurationKey]): string | null {
  if (value === null) return null;
  const { secret } = rules[key];
  if (secret === 'all') return masked;
  const text = asText(value);
  return secret === 'url' ? maskUrl(text) : text;
}

function asText(value: Exclude<ConfigurationValues[ConfigurationKey], null>): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if ('hour' in value) return `${String(value.hour).padStart(2, '0')}:${String(value.minute).padStart(2, '0')}`;
  if ('admin' in value) return JSON.stringify(value);
  return value.join(',');
}

/** Parameters of a URL may hold a password, too. */
function maskUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.password === '' && url.search === '')) return text;
  if (url.password !== '') url.password = '***';
  if (url.search !== '') url.search = '';
  return url.href;
}
