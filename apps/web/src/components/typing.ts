/** What takes letters and arrows for itself. */
const taking =
  'input, textarea, select, [contenteditable="true"], [role="combobox"], [role="listbox"], [role="menu"], [role="radiogroup"], [role="slider"], [role="tablist"]';

/** Whether keys that are pressed there are not for the page. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  // A box or a button of choice takes no letters.
  if (target instanceof HTMLInputElement && target.type === 'checkbox') return false;
  return target.closest(taking) !== null;
}

/** The letter of a key, `a` to `z`: where the layout has other letters, that of its place. */
export function letterOf({ key, code }: { readonly key: string; readonly code: string }): string | undefined {
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  return /^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase();
}
