import { type Clock, type Logger, systemClock } from '@sampan/base';
import { type HomeLayout, pointToHub } from '@sampan/home';
import {
  CriRuntime,
  type EvictionManager,
  keepContainerd,
  type Machine,
  type NodeFacts,
  type PulledImages,
  readMachine,
  startContainerd,
} from '@sampan/kubelet';
import { containerdOptions } from './containerd-options.ts';
import { machineAddress, machineDns } from './machine-network.ts';
import { nodeName } from './node-name.ts';
import { openPulledImages } from './pulled-images-file.ts';
import type { Releases } from './releases.ts';

/** What all clusters of a home share on this machine. */
export interface MachinePart {
  readonly home: HomeLayout;
  readonly clock: Clock;
  readonly log: Logger;
  readonly node: string;
  /** All of it; each cluster uses a part. */
  readonly runtime: CriRuntime;
  /** Of containerd. */
  readonly socket: string;
  readonly version: { readonly name: string; readonly version: string };
  /** Of runtime classes. */
  readonly handlers: readonly string[];
  readonly machine: Machine;
  /** Towards the outside; undefined: there is no way there. */
  readonly address: string | undefined;
  readonly dns: NodeFacts['nodeDns'];
  /** Who may use which image, of all clusters. */
  readonly pulledImages: PulledImages;
  /** Of guests: whose pods are evicted before the host cluster's. */
  readonly guestEvictions: Set<Pick<EvictionManager, 'hasVictims'>>;
}

/** Starts containerd, or finds the one that runs, and looks at the machine. Throws SampanErrors. */
export async function startMachine(home: HomeLayout, log: Logger, releases: Releases): Promise<MachinePart> {
  const clock = systemClock;
  // also for those who fetch images without this process
  pointToHub(home);
  const options = await containerdOptions(home);
  const [containerd, address, machine, dns] = await Promise.all([
    startContainerd(options),
    machineAddress(),
    readMachine(home.node.root),
    machineDns(),
  ]);
  releases.add(keepContainerd(containerd, options, { clock, log }));
  const runtime = new CriRuntime(containerd.socket, () => pointToHub(home));
  releases.add(() => runtime.close());
  const handlers = ['runc', ...Object.keys(options.handlers)];
  const version = await runtime.version();
  const pulledImages = openPulledImages(home);
  pulledImages.keepOnly(new Set((await runtime.listImages()).map(({ id }) => id)));
  const { socket } = containerd;
  return {
    ...{ home, clock, log, node: nodeName(), runtime, socket, version, handlers, machine, address, dns },
    pulledImages,
    guestEvictions: new Set(),
  };
}
