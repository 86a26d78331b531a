import type { KubeObject } from '@sampan/api';
import { type HubResponse, json } from '../api/message.ts';
import type { Reader } from '../metadata/repositories.ts';
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

const PATH = /^\/resources\/([a-z]+)(?:\/([^/?]+))?$/;

/**
 * Answers a Kubernetes API server that serves `CONTENT_DEFINITIONS`: `/resources/NAME?FIELD=VALUE` with
 * `{items, resourceVersion}`, `/resources/NAME/OBJECT` with the object or 404. It asks on behalf of those it admitted:
 * nobody else may reach this.
 */
export async function answerContent(from: Reader, url: string, now: number): Promise<HubResponse> {
  const { pathname, searchParams } = new URL(url, 'http://hub');
  const [, resource = '', name] = PATH.exec(pathname) ?? [];
  const source = Object.hasOwn(SOURCES, resource) ? SOURCES[resource] : undefined;
  if (!source) return json(404, {});
  if (name === undefined) {
    const items = await source.list(from, Object.fromEntries(searchParams));
    // it only has to be another one: there are no watches
    return json(200, { items, resourceVersion: String(now) });
  }
  const found = await source.get(from, decodeURIComponent(name));
  return found ? json(200, found) : json(404, {});
}
