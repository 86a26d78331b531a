import { HUB_GROUP, HUB_VERSION, type ProjectObject, type ProjectSpec } from '@sampan/hub/kinds';
import { printedOnly, printObjects } from '../apps/make.ts';
import { waitMsOf, withHost } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';
import { createHubObject, shown, untilSeen } from '../hub/hub-objects.ts';
import { PROJECT } from '../hub/project-kind.ts';
import { projectPatch } from '../hub/project-spec.ts';
import { fromNothing } from '../hub/spec-patch.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const object: ProjectObject = {
    apiVersion: `${HUB_GROUP}/${HUB_VERSION}`,
    kind: 'Project',
    metadata: { name: PROJECT.objectName(args[0] ?? '') },
    spec: fromNothing<ProjectSpec>(projectPatch(options)),
  };
  if (await printedOnly(invocation, [object])) return 0;
  return await withHost(invocation, async (client) => {
    const created = await createHubObject(client, PROJECT, object);
    const seen = waitMsOf(invocation) === 0 ? created : await untilSeen(invocation, client, PROJECT, created);
    await printObjects([shown(seen)], options.output, () => 'created');
    return 0;
  });
}
