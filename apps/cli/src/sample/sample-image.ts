import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SampanError } from '@sampan/base';
import { HUB_HOST } from '@sampan/home';
import { buildImage, CriRuntime, importImage } from '@sampan/kubelet';
import { copyImage, openArchive, parseReference } from '@sampan/oci';
import type { Invocation } from '../command.ts';
import { staticBusybox } from '../doctor/packages.ts';
import { findHubPlace } from '../hub/hub-place.ts';
import { withRegistries } from '../hub/registries.ts';

/** As examples/hello/hello.yaml names it. */
const SAMPLE_IMAGE = `${HUB_HOST}/library/hello:1`;

/** What of busybox the sample needs, and what people like to find in a shell. */
const APPLETS =
  'sh httpd ls cat ps env id echo hostname date df top vi wget nslookup ping grep sleep true kill mount uname wc stty tty';

/**
 * Makes the sample's image of this machine's busybox when it is not there: pods fetch it from the home's registry; where
 * there is none, containerd gets it at once. Throws SampanErrors.
 */
export async function ensureSampleImage(invocation: Invocation): Promise<void> {
  const { home } = invocation;
  const socket = join(home.node.containerd, 'containerd.sock');
  const runtime = new CriRuntime(socket);
  try {
    if (await runtime.imageStatus(SAMPLE_IMAGE)) return;
  } finally {
    runtime.close();
  }
  const archive = await buildSample();
  if (findHubPlace(home)) await push(invocation, archive);
  else await importImage(socket, archive);
}

async function push(invocation: Invocation, archive: Buffer): Promise<void> {
  const reference = parseReference(SAMPLE_IMAGE);
  const layout = await openArchive(archive);
  await withRegistries(invocation, async (registries) => {
    const { repository } = await registries.repository(reference);
    await copyImage({
      source: layout,
      target: repository,
      image: await layout.resolve(''),
      tags: [reference.tag ?? 'latest'],
    });
  });
}

async function buildSample(): Promise<Buffer> {
  const busybox = staticBusybox();
  if (busybox === undefined) {
    throw new SampanError('sample-no-busybox', 'The image of the sample needs a busybox without libraries.', {
      hint: 'Install it: sudo sampan doctor --fix. Or go without the sample: sampan up --no-sample',
    });
  }
  const content = await readFile(busybox);
  return buildImage({
    name: SAMPLE_IMAGE,
    files: [
      { path: 'bin/' },
      { path: 'bin/busybox', content, mode: 0o755 },
      ...APPLETS.split(' ').map((name) => ({ path: `bin/${name}`, linkTo: 'busybox' })),
      { path: 'tmp/', mode: 0o1777 },
      { path: 'www/' },
    ],
    command: ['/bin/sh'],
  });
}
