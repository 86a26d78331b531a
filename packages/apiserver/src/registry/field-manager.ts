import type { KubeObject } from '@sampan/api';
import type { Cluster } from './cluster.ts';
import type { RequestContext } from './request-context.ts';
import type { ServedResource } from './served-resource.ts';

export function trackCreate(_resource: ServedResource, _object: KubeObject, _context: RequestContext, _now: number): void {}

export function trackUpdate(
  _resource: ServedResource,
  _old: KubeObject,
  _object: KubeObject,
  _subresource: string,
  _context: RequestContext,
  _now: number,
): void {}

export function applyObject(
  _cluster: Cluster,
  _resource: ServedResource,
  _bytes: Uint8Array,
  _options: { force: boolean; subresource: string; namespace: string; name: string },
  _context: RequestContext,
): (old: KubeObject | undefined) => KubeObject {
  throw new Error('apply');
}
