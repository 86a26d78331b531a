import { deepFreeze } from '@sampan/base';
import type { KubeObject, ManagedFieldsEntry } from '../meta/object.ts';
import type { StructType } from '../schema/type-schema.ts';
import { type ApplyRequest, apply } from './apply.ts';
import { updateManagedFields } from './update-managed-fields.ts';

/** For tests: one object under applies and updates, each a second after the one before. */
export class Trial {
  live: KubeObject | undefined;
  readonly #schema: StructType;
  readonly #apiVersion: string;
  readonly #kind: string;
  #seconds = 0;

  constructor(schema: StructType, apiVersion: string, kind: string) {
    this.#schema = schema;
    this.#apiVersion = apiVersion;
    this.#kind = kind;
  }

  /** Applies fields of the object (all but apiVersion, kind, name). */
  apply(manager: string, config: object, options: Partial<ApplyRequest> = {}): KubeObject {
    const { metadata, ...rest } = config as { metadata?: object };
    const applied = { ...this.#head, metadata: { name: 'a', ...metadata }, ...rest };
    return this.#store(
      apply({ ...this.#request, kind: this.#kind, applied: deepFreeze(applied), manager, ...options }),
    );
  }

  /** Creates or updates the object; `next` is all of it but apiVersion, kind, name and managedFields. */
  update(manager: string, next: object, options: { subresource?: string } = {}): KubeObject {
    const { metadata, ...rest } = next as { metadata?: object };
    const object = { ...this.#head, metadata: { name: 'a', ...metadata }, ...rest } as KubeObject;
    return this.#store(
      updateManagedFields({ ...this.#request, next: deepFreeze(object), manager, ...options }),
    );
  }

  /** fieldsV1 by `manager/operation`. */
  get owners(): Record<string, unknown> {
    return Object.fromEntries(
      this.entries.map((entry) => [`${entry.manager}/${entry.operation}`, entry.fieldsV1]),
    );
  }

  get entries(): readonly ManagedFieldsEntry[] {
    return this.live?.metadata.managedFields ?? [];
  }

  get #head() {
    return { apiVersion: this.#apiVersion, kind: this.#kind };
  }

  get #request() {
    const time = new Date(Date.UTC(2026, 0, 1, 0, 0, this.#seconds++)).toISOString().replace('.000', '');
    return { live: this.live, time, schema: this.#schema, apiVersion: this.#apiVersion };
  }

  #store(object: KubeObject): KubeObject {
    this.live = deepFreeze(object);
    return object;
  }
}
