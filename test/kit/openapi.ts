import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';

interface Operation {
  readonly responses: Record<string, { readonly content?: Record<string, unknown> }>;
}

/** The document of `/openapi.json`, as far as answers are concerned. */
export interface OpenApiDocument {
  readonly paths: Record<string, Record<string, Operation>>;
}

export interface AnswerToCheck {
  readonly method: string;
  /** With the query, if any. */
  readonly path: string;
  readonly status: number;
  readonly contentType: string | null;
  readonly json: unknown;
}

/** Throws an Error that says how an answer departs from the document. What the document doesn't name passes only as 404. */
export type CheckAnswer = (answer: AnswerToCheck) => void;

export function createAnswerCheck(document: OpenApiDocument): CheckAnswer {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  ajv.addSchema(document, 'openapi');
  const compiled = new Map<string, ValidateFunction>();
  const paths = Object.keys(document.paths)
    // What is fixed wins over a parameter, as it does in the router.
    .toSorted((a, b) => a.split('{').length - b.split('{').length)
    .map((path) => ({ path, pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+').replace(/\/$/, '/?')}$`, 'i') }));
  const validatorOf = (pointer: readonly string[]): ValidateFunction => {
    const reference = `openapi#/${pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
    const known = compiled.get(reference);
    if (known) return known;
    const made = ajv.compile({ $ref: reference });
    compiled.set(reference, made);
    return made;
  };
  return ({ method, path, status, contentType, json }) => {
    const [target = ''] = path.split('?');
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
    const found = paths.find(({ path: known, pattern }) => pattern.test(target) && document.paths[known]?.[verb] !== undefined);
    if (!found) return;
    const { responses } = document.paths[found.path]?.[verb] ?? { responses: {} };
    // A route that only a test has promises nothing.
    if (Object.keys(responses).length === 0) return;
    const key = Object.hasOwn(responses, String(status)) ? String(status) : 'default';
    const what = `${method} ${found.path} ${status}`;
    const response = responses[key];
    if (response === undefined || (key === 'default' && status < 400)) throw new Error(`${what} is not in the OpenAPI document`);
    const type = contentType?.split(';')[0]?.trim() ?? '';
    if (json === undefined) return;
    if (!Object.hasOwn(response.content ?? {}, type)) throw new Error(`${what}: ${type} is not in the OpenAPI document`);
    const validate = validatorOf(['paths', found.path, verb, 'responses', key, 'content', type, 'schema']);
    if (!validate(json))
      throw new Error(
        `${what} departs from the OpenAPI document: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(json).slice(0, 500)}`,
      );
  };
}
