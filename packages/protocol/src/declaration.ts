import { z } from 'zod';
import { canonicalJson } from '@dossier/domain/canonical-json.ts';
import { declarationBounds as bounds, emptyDeclaration, fieldTypes, foldName } from '@dossier/domain/declaration.ts';
import type { Declaration } from '@dossier/domain/declaration.ts';
import type { Json } from '@dossier/domain/dossier.ts';
import { sizeText } from '@dossier/domain/size.ts';
import { idSchema, looseBoolean, nameText, text } from './values.ts';

/** A text by languages; empty ones are left out. */
const words = (maximum: number) =>
  z
    .record(z.string(), text(maximum))
    .check((context) => {
      const tag = Object.keys(context.value).find((key) => !/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/.test(key));
      if (tag === undefined) return;
      const message = `${JSON.stringify(tag.slice(0, 40))} is no tag of a language, as "en" or "ru" are`;
      context.issues.push({ code: 'custom', message, input: context.value });
    })
    .refine((given) => Object.keys(given).length <= bounds.languages, `must be in at most ${bounds.languages} languages`)
    .overwrite((given) => Object.fromEntries(Object.entries(given).filter(([, said]) => said !== '')));

/** As it is compared and found in `meta`: blanks around it would be seen by nobody. */
const bare = (said: z.ZodString) => said.refine((given) => given === given.trim(), 'must not begin or end with a blank');

const choices = z
  .array(bare(nameText(bounds.choice)))
  .min(1, 'must name at least one choice')
  .max(bounds.choices, `must name at most ${bounds.choices} choices`)
  .check((context) => {
    const twice = context.value.find((choice, at) => context.value.indexOf(choice) !== at);
    if (twice !== undefined) context.issues.push({ code: 'custom', message: `names ${JSON.stringify(twice)} twice`, input: context.value });
  });

const declaredField = z
  .strictObject({
    name: bare(nameText(bounds.name)),
    label: words(bounds.label).default({}),
    type: z.enum(fieldTypes, `must be one of ${fieldTypes.join(', ')}`),
    choices: choices.optional(),
    required: looseBoolean.default(false),
    shown_in_table: looseBoolean.default(false),
  })
  .check((context) => {
    const { type, choices: given } = context.value;
    const fault =
      type === 'choice' && given === undefined
        ? 'is required: a field of the type choice names at least one'
        : type !== 'choice' && given !== undefined
          ? `is only for fields of the type choice, and this one is ${type}`
          : null;
    if (fault !== null) context.issues.push({ code: 'custom', path: ['choices'], message: fault, input: context.value });
  })
  .meta({ id: 'FieldDeclaration' });

/** The fields that a list declares, in the order in which they are shown. */
export const fieldsSchema = z
  .array(declaredField)
  .max(bounds.fields, `must be at most ${bounds.fields} fields`)
  .check((context) => {
    const names = context.value.map(({ name }) => foldName(name));
    const twice = names.findIndex((name, at) => names.indexOf(name) !== at);
    if (twice === -1) return;
    const named = JSON.stringify(context.value[twice]?.name);
    context.issues.push({ code: 'custom', path: [twice, 'name'], message: `${named} is declared twice`, input: context.value });
  });

/** What to do at the door when somebody of the list comes, by languages. */
export const instructionSchema = words(bounds.instruction);

export const declarationSchema = z.strictObject({ fields: fieldsSchema, instruction: instructionSchema });

/** A declared field as answers tell of it. */
export const declaredFieldSchema = z
  .object({
    name: z.string(),
    label: z.record(z.string(), z.string()),
    type: z.enum(fieldTypes),
    choices: z.array(z.string()).readonly().optional(),
    required: z.boolean(),
    shown_in_table: z.boolean(),
  })
  .meta({ id: 'DeclaredField' });

/** A declaration as it is kept and hashed: equal ones have equal texts. */
export function declarationText({ fields, instruction }: Declaration): string {
  // Copied as JSON, so that what is undefined isn't there.
  return canonicalJson(JSON.parse(JSON.stringify({ fields, instruction })) as Json);
}

export const emptyDeclarationText = declarationText(emptyDeclaration);

/** A declaration as it was kept. What somebody wrote by hand and is none declares nothing. */
export function readDeclaration(kept: string): Declaration {
  if (kept === emptyDeclarationText) return emptyDeclaration;
  const parsed = declarationSchema.safeParse(parse(kept));
  return parsed.success ? parsed.data : emptyDeclaration;
}

function parse(kept: string): unknown {
  try {
    return JSON.parse(kept);
  } catch {
    return null; // no declaration
  }
}

/** Why a declaration is too long to be kept, or null. */
export function lengthFault(declaration: Declaration): string | null {
  const bytes = new TextEncoder().encode(declarationText(declaration)).byteLength;
  if (bytes <= bounds.bytes) return null;
  return `fields and instruction have ${sizeText(bytes)} together, more than ${sizeText(bounds.bytes)}`;
}

/** How many dossiers of a list have values that don't fit what it declares. */
export const misfitsSchema = z
  .looseObject({
    dossiers: z.int().nonnegative(),
    fields: z.array(
      z.looseObject({
        name: z.string(),
        dossiers: z.int().nonnegative(),
        /** Some of them. */
        examples: z.array(idSchema),
      }),
    ),
  })
  .meta({ id: 'Misfits' });
export type Misfits = z.infer<typeof misfitsSchema>;
