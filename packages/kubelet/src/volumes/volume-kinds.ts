import type { k8s } from '@sampan/api';
import { setUpClaim } from './claim-volume.ts';
import type { SetUpVolume } from './context.ts';
import { setUpEmptyDir } from './empty-dir.ts';
import { setUpConfigMap, setUpMemoryFiles } from './files-volume.ts';
import { setUpHostPath } from './host-path.ts';
import { setUpImage } from './image-volume.ts';
import { MountFailure } from './mount-failure.ts';
import { share } from './mounts.ts';

type Kind = Exclude<keyof k8s.Volume, 'name'>;

/** How each kind of volume is made ready. */
const KINDS: Readonly<Partial<Record<Kind, SetUpVolume>>> = {
  configMap: setUpConfigMap,
  downwardAPI: setUpMemoryFiles,
  emptyDir: setUpEmptyDir,
  ephemeral: setUpClaim,
  hostPath: setUpHostPath,
  image: setUpImage,
  persistentVolumeClaim: setUpClaim,
  projected: setUpMemoryFiles,
  secret: setUpMemoryFiles,
};

export const setUpVolume: SetUpVolume = async (task, context) => {
  const kind = kindOf(task.volume);
  const setUp = kind === undefined ? setUpEmptyDir : KINDS[kind];
  if (!setUp) throw new MountFailure(unsupported(task.volume, kind), 'process');
  const ready = await setUp(task, context);
  // places of the machine are shared or not as the machine has them
  if (task.propagates && ready.path.startsWith(`${context.node.podFolder}/`)) await share(ready.path);
  return ready;
};

/** Undefined: none is said, which means `emptyDir`. */
function kindOf({ name: _, ...source }: k8s.Volume): Kind | undefined {
  return (Object.keys(source) as Kind[]).find((key) => source[key as keyof typeof source] !== undefined);
}

function unsupported({ name, csi }: k8s.Volume, kind: Kind | undefined): string {
  if (csi) return `driver name ${csi.driver} not found in the list of registered CSI drivers`;
  return `failed to get Plugin from volumeSpec for volume "${name}" err=no volume plugin matched (${kind} is not supported on this node)`;
}
