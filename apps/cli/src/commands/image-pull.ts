import { readFileSync } from 'node:fs';
import { messageOf, SampanError } from '@sampan/base';
import { HOST_CLUSTER } from '@sampan/clusters';
import { type HomeLayout, HUB_HOST, isMissing, pullSecretContent, readRunState } from '@sampan/home';
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

type Auths = Parameters<typeof credentialsFor>[0];

const authsIn = (text: string): Auths => (JSON.parse(text) as { auths?: Auths }).auths ?? {};

/** Of the machine's own cluster, and of the machine. */
function credentialsOf(home: HomeLayout, image: string): RegistryCredentials | undefined {
  const running = readRunState(home);
  const address = running ? `${running.host}:${running.port}` : HUB_HOST;
  const own = authsIn(pullSecretContent(home, { cluster: HOST_CLUSTER, uid: '', address }));
  return credentialsFor({ ...own, ...machineAuths(home) }, image);
}

function machineAuths({ node }: HomeLayout): Auths {
  try {
    return authsIn(readFileSync(node.credentials, 'utf8'));
  } catch (error) {
    if (isMissing(error)) return {};
    throw error;
  }
}
