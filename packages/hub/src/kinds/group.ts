import type { ResourceRef } from '@sampan/machinery';

/** Of the kinds that people write: CustomResourceDefinitions. */
export const HUB_GROUP = 'hub.sampan.dev';
/**
 * Of what the registry tells of its content. A group of its own: a Kubernetes API server asks one server for all of a
 * group's version.
 */
export const CONTENT_GROUP = 'content.hub.sampan.dev';
export const HUB_VERSION = 'v1';

export const hubRef = (group: string, resource: string, kind: string): ResourceRef => ({
  group,
  version: HUB_VERSION,
  resource,
  kind,
  namespaced: false,
});

/** As Kubernetes writes conditions (meta/v1 Condition). */
export interface HubCondition<Type extends string> {
  readonly type: Type;
  readonly status: 'True' | 'False' | 'Unknown';
  /** One word. */
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. */
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}
