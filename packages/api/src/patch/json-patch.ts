import { deepClone, isObject } from '@sampan/base';
import { JsonPatchDocument, PatchFailure } from './json-patch-document.ts';
import { goJsonKind, patchErrors } from './patch-error.ts';

/** Upstream's maxJSONPatchOperations. */
export const MAX_JSON_PATCH_OPERATIONS = 10_000;
/** Upstream's JSONPatchMaxCopyBytes: all "copy" operations of one patch together. */
export const MAX_JSON_PATCH_COPY_BYTES = 3 * 1024 * 1024;

interface Operation {
  readonly op: string;
  readonly path: string;
  /** '' where the operation needs none. */
  readonly from: string;
  readonly value: unknown;
}

/** As it was sent; members are undefined when absent. */
interface Given {
  readonly op: string;
  readonly path: string | undefined;
  readonly from: string | undefined;
  readonly value: unknown;
}

/**
 * Applies a JSON Patch (RFC 6902) with the leniences of upstream's evanphx/json-patch v4: `replace` of a missing
 * map key adds it, `test` for null passes on a missing key, indices may be negative.
 *
 * The object is not written to; what the patch does not touch is shared with the result.
 * Throws `StatusError`: 400 when the patch is not a list of known and complete operations, 413 for too many operations, 422 when
 * it does not apply.
 */
export function applyJsonPatch<T extends object>(object: T, patch: unknown): T {
  const operations = decodeOperations(patch);
  const document = new JsonPatchDocument(object);
  let copied = 0;
  try {
    for (const operation of operations) {
      if (operation.op === 'copy') copied = copy(document, operation, copied);
      else run(document, operation);
    }
  } catch (error) {
    if (error instanceof PatchFailure) throw patchErrors.rejected();
    throw error;
  }
  return document.root as T;
}

function run(document: JsonPatchDocument, { op, path, from, value }: Operation): void {
  switch (op) {
    case 'add':
      document.add(path, value ?? null);
      break;
    case 'remove':
      document.remove(path);
      break;
    case 'replace':
      document.replace(path, value ?? null);
      break;
    case 'test':
      document.test(path, value ?? null);
      break;
    case 'move': {
      const moved = document.get(from) ?? null;
      document.remove(from);
      document.add(path, moved);
      break;
    }
    default:
      throw new PatchFailure(`Unexpected kind: ${op}`);
  }
}

/** Returns the bytes copied so far, this copy included. */
function copy(document: JsonPatchDocument, { path, from }: Operation, before: number): number {
  const source = document.get(from) ?? null;
  const copied = before + Buffer.byteLength(JSON.stringify(source));
  if (copied > MAX_JSON_PATCH_COPY_BYTES) throw new PatchFailure('copies are too large');
  // a clone, since the document may write to the containers it has made
  document.add(path, deepClone(source));
  return copied;
}

function decodeOperations(patch: unknown): Operation[] {
  if (!Array.isArray(patch)) {
    if (patch === null) return [];
    throw patchErrors.undecodable(
      `error decoding patch: json: cannot unmarshal ${goJsonKind(patch)} into Go value of type []handlers.jsonPatchOp`,
    );
  }
  const given = patch.map(decodeOperation);
  if (given.length > MAX_JSON_PATCH_OPERATIONS) {
    throw patchErrors.tooLarge(
      `The allowed maximum operations in a JSON patch is ${MAX_JSON_PATCH_OPERATIONS}, got ${given.length}`,
    );
  }
  return given.map((operation, index) => {
    const problem = operationProblem(operation);
    if (problem !== undefined)
      throw patchErrors.undecodable(`invalid operation ${shown(patch[index])}: ${problem}`);
    const { op, path = '', from = '', value } = operation;
    return { op, path, from, value };
  });
}

function decodeOperation(operation: unknown): Given {
  if (operation !== null && !isObject(operation)) {
    throw patchErrors.undecodable(
      `error decoding patch: json: cannot unmarshal ${goJsonKind(operation)} into Go value of type handlers.jsonPatchOp`,
    );
  }
  const fields = operation ?? {};
  return {
    op: stringField(fields, 'op') ?? 'unknown',
    path: stringField(fields, 'path'),
    from: stringField(fields, 'from'),
    value: Object.hasOwn(fields, 'value') ? fields.value : undefined,
  };
}

function stringField(fields: object, name: string): string | undefined {
  const value: unknown = Object.hasOwn(fields, name) ? (fields as Record<string, unknown>)[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw patchErrors.undecodable(
    `error decoding patch: json: cannot unmarshal ${goJsonKind(value)} into Go struct field jsonPatchOp.${name} of type string`,
  );
}

const OPERATIONS: ReadonlySet<string> = new Set(['add', 'copy', 'move', 'remove', 'replace', 'test']);

/**
 * What is asked of each operation before any is applied (evanphx/json-patch `validateOperation`);
 * the complaint is upstream's. A `test` without a value is one for null.
 */
function operationProblem({ op, path, from, value }: Given): string | undefined {
  if (!OPERATIONS.has(op)) return 'unsupported operation';
  if ((op === 'add' || op === 'replace') && value === undefined)
    return "failed to decode 'value': operation, missing value field: missing value";
  if ((op === 'move' || op === 'copy') && from === undefined)
    return "failed to decode 'from': operation, missing from field: missing value";
  return path === undefined
    ? "failed to decode 'path': operation missing path field: missing value"
    : undefined;
}

/** The operation as Go writes the map that it is: keys sorted, values as they are. */
function shown(operation: unknown): string {
  if (!isObject(operation)) return 'null';
  const members = Object.keys(operation)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(operation[key])}`);
  return `{${members.join(',')}}`;
}

const KNOWN_FIELDS: ReadonlySet<string> = new Set(['op', 'path', 'from', 'value']);

/** Unknown fields of the operations in upstream's words, for `fieldValidation` Strict and Warn. */
export function jsonPatchUnknownFields(patch: unknown): string[] {
  if (!Array.isArray(patch)) return [];
  return patch.flatMap((operation, index) =>
    isObject(operation)
      ? Object.keys(operation)
          .filter((key) => !KNOWN_FIELDS.has(key))
          .map((key) => `json patch unknown field "[${index}].${key}"`)
      : [],
  );
}
