import type { KubeObject } from '@sampan/api';
import { type HubResponse, json } from '../api/message.ts';
import type { Reader } from '../metadata/repositories.ts';
import type { ContentChanges } from './changes.ts';
import { deliveryByName, deliveryObjects } from './deliveries.ts';
import { manifestByName, manifestObjects } from './manifests.ts';
import { repositoryByName, repositoryObjects } from './repositories.ts';
import { tagByName, tagObjects } from './tags.ts';

/** What fields must be, by their paths; what does not match may be left out. */
export type Equal = Readonly<Record<string, string>>;

interface ContentSource {
  list(from: Reader, equal: Equal): Promise<KubeObject[]>;
  get(from: Reader, name: string): Promise<KubeObject | undefined>;
}

const SOURCES: Readonly<Record<string, ContentSource>> = {
  repositories: { list: repositoryObjects, get: repositoryByName },
  tags: { list: tagObjects, get: tagByName },
  manifests: { list: manifestObjects, get: manifestByName },
  deliveries: { list: deliveryObjects, get: deliveryByName },
};

const CHANGES = '/resources/changes';
const PATH = /^\/resources\/([a-z]+)(?:\/([^/?]+))?$/;

/**
 * Answers a Kubernetes API server that serves `CONTENT_DEFINITIONS`: `/resources/NAME?FIELD=VALUE` with
 * `{items, resourceVersion}`, `/resources/NAME/OBJECT` with the object or 404, `/resources/changes` with a stream. It asks on behalf of those it admitted:
 * nobody else may reach this.
 */
export async function answerContent(
  from: Reader,
  url: string,
  changes: ContentChanges,
): Promise<HubResponse> {
  const { pathname, searchParams } = new URL(url, 'http://hub');
  if (pathname === CHANGES) return changes.answer();
  // what changes from now on may be in the answer, and is told
  const resourceVersion = String(changes.version);
  const [, resource = '', name] = PATH.exec(pathname) ?? [];
  const source = Object.hasOwn(SOURCES, resource) ? SOURCES[resource] : undefined;
  if (!source) return json(404, {});
  if (name === undefined) {
    const items = await source.list(from, Object.fromEntries(searchParams));
    return json(200, { items: items.map((item) => versioned(item, resourceVersion)), resourceVersion });
  }
  const found = await source.get(from, decodeURIComponent(name));
  return found ? json(200, versioned(found, resourceVersion)) : json(404, {});
}

const versioned = (object: KubeObject, resourceVersion: string): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion },
});
