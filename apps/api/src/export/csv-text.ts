/** Spreadsheets take a file for UTF-8 only if it begins with a byte order mark. */
export const csvMark = '\ufeff';

/**
 * A row of a CSV file (RFC 4180). An apostrophe stands before what a spreadsheet would take for a formula, and before a text that an import would take for
 * nothing; an import takes it away again.
 */
export function csvRow(values: readonly string[]): string {
  return `${values.map(csvField).join(',')}\r\n`;
}

function csvField(value: string): string {
  const guarded = /^'*(?:[=+\-@\t\r]|NULL$|\\N$)/.test(value) ? `'${value}` : value;
  return /[",\r\n;\t]/.test(guarded) || /^\s|\s$/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
