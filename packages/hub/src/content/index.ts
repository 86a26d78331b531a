/** What a Kubernetes API tells of the registry's content; whoever serves it asks the registry, see `answer.ts`. */

export type { ContentChange } from './changes.ts';
export { CONTENT_DEFINITIONS } from './definitions.ts';
