import { z } from 'zod';

/** Codes of the REST API's errors and the HTTP status of each. */
export const problemStatus = {
  BAD_PARAM: 400,
  UNAUTHORIZED: 401,
  SECOND_FACTOR_REQUIRED: 401,
  SECOND_FACTOR_WRONG: 401,
  SECOND_FACTOR_MISSING: 403,
  PERMISSION_DENIED: 403,
  READ_ONLY: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  MASTER_AVAILABLE: 409,
  PRECONDITION_FAILED: 412,
  PRECONDITION_REQUIRED: 428,
  TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  TOO_MANY_REQUESTS: 429,
  INTERNAL: 500,
  LIST_WITHDRAWN: 503,
  UNAVAILABLE: 503,
} as const;

/** RFC 9457 problem details that also carry FindFace's flat envelope (`code`, `desc`, `param`). */
export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(problemStatus) as [keyof typeof problemStatus, ...(keyof typeof problemStatus)[]]),
    desc: z.string(),
    param: z.string().optional(),
    /** The code of what failed between this node and a master, where that is why. */
    cause: z.string().optional(),
    /** By what the second factor can be shown that is asked for. */
    methods: z.array(z.string()).optional(),
  })
  .meta({ id: 'Problem', description: 'What is wrong, where, and what to do' });
