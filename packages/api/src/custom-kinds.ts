/**
 * Words for the schemas of Sampan's own kinds (apiextensions.k8s.io/v1 JSONSchemaProps). Apart from the rest of this
 * package, which is large, for programs that only name the kinds.
 */

/** Pieces of OpenAPI schemas; every field says what it is, for `kubectl explain`. */
export type Schema = Readonly<Record<string, unknown>>;

export const text = (description: string, more: Schema = {}): Schema => ({
  type: 'string',
  description,
  maxLength: 1024,
  ...more,
});

/** No fractions, not below 0. */
export const number = (description: string, more: Schema = {}): Schema => ({
  type: 'integer',
  format: 'int64',
  minimum: 0,
  description,
  ...more,
});

/** RFC 3339. */
export const time = (description: string): Schema => ({ type: 'string', format: 'date-time', description });

export const flag = (description: string): Schema => ({ type: 'boolean', description });

export const object = (
  description: string,
  properties: Schema,
  required: readonly string[] = [],
  more: Schema = {},
): Schema => ({
  type: 'object',
  description,
  properties,
  ...(required.length > 0 ? { required } : {}),
  ...more,
});

/** `maxItems` bounds what a request may cost. */
export const list = (description: string, items: Schema, maxItems: number, more: Schema = {}): Schema => ({
  type: 'array',
  description,
  items,
  maxItems,
  ...more,
});

export const observedGeneration = number('The generation that this is about.');

export const conditions = (types: string): Schema =>
  list(
    'What is true of it.',
    object(
      'One thing that may be true.',
      {
        type: text(types),
        status: text('True, False or Unknown.', { enum: ['True', 'False', 'Unknown'] }),
        reason: text('Why, in one word.'),
        message: text('Why, for people.', { maxLength: 32_768 }),
        lastTransitionTime: time('Since when.'),
        observedGeneration,
      },
      ['type', 'status', 'reason', 'lastTransitionTime'],
    ),
    32,
    { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] },
  );
