import type { ProjectObject } from '@sampan/hub/kinds';
import { printObjects } from '../apps/make.ts';
import { outputOf, waitMsOf, withHost } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';
import { getHubObject, shown, untilSeen } from '../hub/hub-objects.ts';
import { PROJECT } from '../hub/project-kind.ts';
import { projectPatch } from '../hub/project-spec.ts';
import { usage } from '../parse.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const [text = ''] = args;
  return await withHost(invocation, async (client) => {
    const { spec, metadata } = await getHubObject(client, PROJECT, text);
    const patch = projectPatch(options, spec);
    if (Object.keys(patch).length === 0)
      throw usage('Nothing is to be changed.', 'See what can be: sampan help hub project update');
    const dryRun = options['dry-run'] === true;
    // somebody else's change of the same lists is not lost
    const { resourceVersion = '' } = metadata;
    const change = { metadata: { resourceVersion }, spec: patch };
    const changed = await client.patch<ProjectObject>(PROJECT.ref, undefined, text, 'merge', change, {
      dryRun,
    });
    const isOver = dryRun || waitMsOf(invocation) === 0;
    const seen = isOver ? changed : await untilSeen(invocation, client, PROJECT, changed);
    await printObjects([shown(seen)], outputOf(invocation), () => 'updated');
    return 0;
  });
}
