/** As the `ref` of a field that comes in place of another one: it has the focus as soon as it is there. */
export function focusOnSight(field: HTMLElement | null): void {
  field?.focus();
}
