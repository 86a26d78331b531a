import { chmodSync, chownSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { SampanError } from '@sampan/base';
import { type HomeLayout, homeLayout, isHome, shareHome } from '@sampan/home';

/** The layout of a home that a server was started on. Throws `not-root`, `home-not-started`. */
export function openNodeHome(root: string): HomeLayout {
  if (process.getuid?.() !== 0) {
    throw new SampanError('not-root', 'Only root can run containers: the node process needs it.', {
      hint: 'Run the command with sudo. Without root the control plane works alone.',
    });
  }
  const home = homeLayout(root);
  if (!isHome(root) || !existsSync(home.pki)) {
    throw new SampanError('home-not-started', `No server was ever started on ${root}.`, {
      hint: 'Start both with: sampan up',
    });
  }
  return home;
}

/** Makes what the node process keeps its things in; root's alone, but for the server's way to the socket. */
export function prepareFolders(home: HomeLayout): void {
  const { node } = home;
  const { gid } = statSync(home.run);
  // nobody but root may put other folders in their place
  if (gid !== 0) shareHome(home.root, gid);
  refuseForeign(node.root);
  refuseForeign(node.containerd);
  makeFolder(node.root, 0o750, gid);
  for (const folder of [dirname(node.log), node.pki, node.staticPods, node.registries])
    makeFolder(folder, 0o700);
  for (const folder of [node.pods, node.podLogs, node.volumes, node.seccomp, node.cni])
    makeFolder(folder, 0o755);
  makeFolder(node.containerd, 0o711);
}

function makeFolder(path: string, mode: number, gid = 0): void {
  mkdirSync(path, { recursive: true });
  chownSync(path, 0, gid);
  chmodSync(path, mode);
}

/** Somebody who may write to the home could have made it before. */
function refuseForeign(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found || found.uid === 0) return;
  throw new SampanError('node-folder-foreign', `${path} is not root's.`, {
    hint: `Look at what is in it, then remove it: rm -r ${path}`,
  });
}
