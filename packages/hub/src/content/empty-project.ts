import type { HubParts } from '../api/call.ts';
import type { EventSource } from '../events/event.ts';
import { removeManifest } from '../manifests/remove.ts';
import { freeManifests } from '../metadata/project-counts.ts';

/** Manifests of one transaction: others wait meanwhile. */
const STEP = 100;

const SOURCE: EventSource = { actor: 'system:project-deletion', address: '', userAgent: '' };

/** Deletes all manifests and tags of a project, indexes before what they need. The collector takes the blobs. */
export async function emptyProject({ events, records }: HubParts, project: string): Promise<void> {
  for (;;) {
    const found = await freeManifests(records.read, project, STEP);
    if (found.length === 0) return;
    await events.write(async (to, tell) => {
      for (const { repository, name, digest } of found) {
        await removeManifest(to, { repository: { id: repository, name }, source: SOURCE, tell }, digest);
      }
    });
  }
}
