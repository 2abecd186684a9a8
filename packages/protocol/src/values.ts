import { z } from 'zod';
import { textFault } from '@dossier/domain/dossier.ts';
import { canBeSeen } from '@dossier/domain/shown-text.ts';

/** Times are ISO 8601 in UTC with `Z`. */
export const timeSchema = z.iso.datetime();

/** A day of the calendar, from the year 1 on. */
export const dateSchema = z.iso
  .date('must be a date that exists, as 2026-12-31')
  .refine((date) => !date.startsWith('0000'), 'must be a date that exists, as 2026-12-31');

/** Ids of lists, dossiers and links. */
export const idSchema = z.int().positive();

/** An id as it stands in a URL or a form. */
export const idText = /^[1-9]\d{0,14}$/;

/** An id in a URL or a form; `what` completes the sentence "must be the id of". */
export function idParameter(what: string) {
  return z
    .string()
    .regex(idText, `must be the id of ${what}`)
    .transform(Number)
    .meta({ override: { type: 'integer', minimum: 1 } });
}

/** A text of bounded length (code points) that PostgreSQL can hold. */
export function text(maximum: number, minimum = 0): z.ZodString {
  return z.string().check((context) => {
    const fault = textFault(context.value);
    if (fault) context.issues.push({ code: 'custom', message: fault, input: context.value });
    // The length in code units is an upper bound of the length in code points, which is costly to count.
    if (context.value.length < minimum)
      context.issues.push({
        code: 'custom',
        message: `must have at least ${minimum} character`,
        input: context.value,
      });
    if (context.value.length > maximum && Array.from(context.value).length > maximum) {
      context.issues.push({
        code: 'custom',
        message: `must have at most ${maximum} characters`,
        input: context.value,
      });
    }
  });
}

/** A boolean, or the strings "true" and "false" as some clients send them. */
export const looseBoolean = z
  .union([z.boolean(), z.enum(['true', 'false'])], 'must be true or false')
  .transform((value) => value === true || value === 'true')
  .meta({ override: { type: 'boolean' } });

/** Where a page of results continues; cursors are opaque. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.looseObject({
    results: z.array(item),
    next_page: z.string().nullable(),
    prev_page: z.string().nullable(),
  });
}

/** A name by which people find a thing: something of it can be seen. */
export function nameText(maximum: number): z.ZodString {
  return text(maximum, 1).check((context) => {
    if (context.value === '' || canBeSeen(context.value)) return;
    context.issues.push({
      code: 'custom',
      message: 'must hold something that can be seen, not only spaces and the like',
      input: context.value,
    });
  });
}
