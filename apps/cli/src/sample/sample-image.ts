import { readFile } from 'node:fs/promises';
import { SampanError } from '@sampan/base';
import { buildImage, CriRuntime, importImage } from '@sampan/kubelet';
import { staticBusybox } from '../doctor/packages.ts';

/** As examples/hello/hello.yaml names it. */
const SAMPLE_IMAGE = 'sampan.local/hello:1';

/** What of busybox the sample needs, and what people like to find in a shell. */
const APPLETS =
  'sh httpd ls cat ps env id echo hostname date df top vi wget nslookup ping grep sleep true kill mount uname wc stty tty';

/** Makes the sample's image of this machine's busybox, without any registry, when it is not there. Throws SampanErrors. */
export async function ensureSampleImage(socket: string): Promise<void> {
  const runtime = new CriRuntime(socket);
  try {
    if (await runtime.imageStatus(SAMPLE_IMAGE)) return;
  } finally {
    runtime.close();
  }
  const busybox = staticBusybox();
  if (busybox === undefined) {
    throw new SampanError('sample-no-busybox', 'The image of the sample needs a busybox without libraries.', {
      hint: 'Install it: sudo sampan doctor --fix. Or go without the sample: sampan up --no-sample',
    });
  }
  const content = await readFile(busybox);
  const archive = buildImage({
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
  await importImage(socket, archive);
}
