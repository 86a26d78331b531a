import type { KubeObject } from '@sampan/api';
import type { ResourceRef } from '@sampan/machinery';

export type Column<T> = readonly [head: string, cell: (object: T) => string];

/** How commands speak of one of the registry's kinds. */
export interface HubKind<T extends KubeObject> {
  readonly ref: ResourceRef;
  /** Of `sampan hub WORD list`. */
  readonly word: string;
  /** What people write, as the name of the object. Throws `usage`. */
  objectName(text: string): string;
  /** The other way round. */
  shownName(object: KubeObject): string;
  /** Which of them `list ARGUMENT` shows. */
  readonly within: {
    readonly fieldSelector?: (argument: string) => string;
    readonly fits?: (object: T, argument: string) => boolean;
  };
  readonly columns: readonly Column<T>[];
  readonly wide: readonly Column<T>[];
  /** Lines of `describe`; those without a value are left out. */
  readonly rows: readonly (readonly [head: string, cell: (object: T) => string | undefined])[];
  /** Conditions that tell whether it is as it was asked to be; default `Ready`. */
  readonly judgedBy?: readonly string[];
  /** Reasons for which one is not ready that are no failure of making or changing it. */
  readonly expected?: readonly string[];
  /** What is said when there is none. */
  readonly none: string;
}

/** A name of `PROJECT/NAME`, as objects have it: names of objects have no slash. */
export const dotted = (text: string): string => text.replace('/', '.');
export const slashed = ({ metadata }: KubeObject): string => (metadata.name ?? '').replace('.', '/');
export const plain = ({ metadata }: KubeObject): string => metadata.name ?? '';
