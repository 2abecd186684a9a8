const units = ['bytes', 'KB', 'MB', 'GB'] as const;

/** A number of bytes as people read it, `10 MB`, in powers of 1024 and never less than it is. */
export function sizeText(bytes: number): string {
  let [size, unit] = [bytes, 0];
  while (size >= 1024 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1];
  return `${Math.ceil(size * 10) / 10} ${units[unit]}`;
}
