import type { KubeObject } from '@sampan/api';
import { seconds } from '../kinds/conditions.ts';
import { CONTENT_GROUP, HUB_VERSION } from '../kinds/group.ts';

/** The project, on all content that has one: for selectors. */
const PROJECT_LABEL = 'hub.sampan.dev/project';

interface Content {
  readonly kind: string;
  readonly name: string;
  readonly project: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export function contentObject(
  { kind, name, project, created, labels = {} }: Content,
  rest: Readonly<Record<string, unknown>>,
): KubeObject {
  return {
    apiVersion: `${CONTENT_GROUP}/${HUB_VERSION}`,
    kind,
    metadata: {
      name,
      creationTimestamp: seconds(created),
      labels: { [PROJECT_LABEL]: project, ...labels },
    },
    ...rest,
  };
}

/** A field with a time, or none. */
export const timeField = (name: string, ms: number | null): Readonly<Record<string, string>> =>
  ms === null ? {} : { [name]: seconds(ms) };
