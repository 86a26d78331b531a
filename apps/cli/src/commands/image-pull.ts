import { readFileSync } from 'node:fs';
import { messageOf, SampanError } from '@sampan/base';
import { type HomeLayout, isMissing } from '@sampan/home';
import { credentialsFor, type RegistryCredentials } from '@sampan/kubelet';
import type { Invocation } from '../command.ts';
import { withImages } from '../images.ts';
import { progress } from '../progress.ts';

/** Fetches an image before something needs it; the same way as for a pod. */
export async function run({ home, args }: Invocation): Promise<number> {
  const [image = ''] = args;
  return await withImages(home, async (runtime) => {
    progress(`Fetching ${image}`);
    try {
      await runtime.pullImage(image, credentialsOf(home, image));
    } catch (error) {
      throw new SampanError('image-pull-failed', `${image} cannot be fetched: ${messageOf(error)}`, {
        hint: 'Is the name right, and can this machine reach the registry? For logins and mirrors: sampan help registry add',
        cause: error,
      });
    }
    process.stdout.write(`${image} pulled\n`);
    return 0;
  });
}

function credentialsOf({ node }: HomeLayout, image: string): RegistryCredentials | undefined {
  try {
    const { auths = {} } = JSON.parse(readFileSync(node.credentials, 'utf8')) as { auths?: object };
    return credentialsFor(auths as Parameters<typeof credentialsFor>[0], image);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
