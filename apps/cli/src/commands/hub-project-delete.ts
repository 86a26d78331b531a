import { SampanError } from '@sampan/base';
import { DELETE_CONTENT, type ProjectObject } from '@sampan/hub/kinds';
import { waitMsOf, withHost } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';
import { getHubObject } from '../hub/hub-objects.ts';
import { PROJECT } from '../hub/project-kind.ts';
import { usage } from '../parse.ts';
import { progress } from '../progress.ts';
import { watchObject } from '../watch-object.ts';

/** Resolves when it is gone. What it holds goes only when that was said. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const [name = ''] = args;
  return await withHost(invocation, async (client) => {
    const project = await getHubObject(client, PROJECT, name);
    if (options.confirm !== name)
      throw usage(
        `This deletes the project ${name}.`,
        `Say yes by its name: sampan hub project delete ${name} --confirm=${name}`,
      );
    const withContent = options['with-content'] === true;
    const { repositories = 0 } = project.status ?? {};
    if (repositories > 0 && !withContent) {
      throw new SampanError(
        'hub-project-has-content',
        `The project ${name} holds ${repositories} repositories.`,
        {
          hint: `Delete them with it: --with-content. What there is: sampan hub repo list ${name}`,
        },
      );
    }
    if (withContent) {
      const annotations = { [DELETE_CONTENT]: 'true' };
      await client.patch<ProjectObject>(PROJECT.ref, undefined, name, 'merge', { metadata: { annotations } });
    }
    await client.delete(PROJECT.ref, undefined, name);
    const timeoutMs = waitMsOf(invocation);
    if (timeoutMs > 0) {
      progress(`Waiting until the project ${name} is gone`);
      const isGone = await watchObject(client, { ref: PROJECT.ref, name, timeoutMs }, (found) =>
        found ? undefined : true,
      );
      if (!isGone)
        throw new SampanError('hub-slow', `The project ${name} is not gone after ${timeoutMs / 1000} s.`, {
          hint: `Sampan goes on with it. See: sampan hub project describe ${name}`,
        });
    }
    process.stdout.write(`project/${name} deleted\n`);
    return 0;
  });
}
