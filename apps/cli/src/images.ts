import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SampanError } from '@sampan/base';
import type { HomeLayout } from '@sampan/home';
import { CriRuntime } from '@sampan/kubelet';

/** The socket of the home's own containerd. Throws `needs-root`, `no-containers`. */
export function imageSocket(home: HomeLayout): string {
  if (process.getuid?.() !== 0) {
    throw new SampanError('needs-root', 'Images are kept by what runs containers, and that is root.', {
      hint: 'Run the command with sudo.',
    });
  }
  const socket = join(home.node.containerd, 'containerd.sock');
  if (existsSync(join(home.node.containerd, 'containerd.pid')) && existsSync(socket)) return socket;
  throw new SampanError('no-containers', 'No containers run on this home, and so it has no images.', {
    hint: 'Start it with: sampan up',
  });
}

/** Gives a command the images of a home, and ends the connection to them afterwards. */
export async function withImages<T>(home: HomeLayout, use: (runtime: CriRuntime) => Promise<T>): Promise<T> {
  const runtime = new CriRuntime(imageSocket(home));
  try {
    return await use(runtime);
  } finally {
    runtime.close();
  }
}
