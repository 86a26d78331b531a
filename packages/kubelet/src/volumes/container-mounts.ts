import type { k8s } from '@sampan/api';
import { type Logger, messageOf } from '@sampan/base';
import { expand } from '../pods/expand.ts';
import { StartError } from '../pods/start-error.ts';
import type { Device, Mount } from '../runtime/index.ts';
import type { ReadyVolume } from './context.ts';
import { bindSubPath } from './sub-path.ts';

const PROPAGATION: Readonly<Record<string, Mount['propagation']>> = {
  None: 'private',
  HostToContainer: 'host-to-container',
  Bidirectional: 'bidirectional',
};

export interface ContainerUse {
  readonly container: k8s.Container;
  readonly ready: ReadonlyMap<string, ReadyVolume>;
  /** The pod's own: parts of volumes are bound at `volume-subpaths/VOLUME/CONTAINER/INDEX` in it. */
  readonly podFolder: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly logger: Logger;
}

const refuse = (message: string, cause?: unknown) =>
  new StartError('CreateContainerConfigError', message, cause);

/** The mounts of a container's volumes (kubelet makeMounts). Throws StartError. */
export async function containerMounts(use: ContainerUse): Promise<Mount[]> {
  const { volumeMounts, name } = use.container;
  return Promise.all(
    (volumeMounts ?? []).map(async (mount, index) => {
      const volume = use.ready.get(mount.name);
      if (!volume || volume.isDevice)
        throw refuse(`cannot find volume "${mount.name}" to mount into container "${name}"`);
      if (mount.recursiveReadOnly === 'Enabled')
        throw refuse(
          `volumeMount "${mount.name}": recursiveReadOnly is not supported by this node's runtime`,
        );
      const propagation = PROPAGATION[mount.mountPropagation || 'None'];
      if (!propagation) throw refuse(`invalid MountPropagation mode: "${mount.mountPropagation}"`);
      const { mountPath } = mount;
      return {
        hostPath: await hostPathOf(use, mount, volume, index),
        containerPath: mountPath.startsWith('/') ? mountPath : `/${mountPath}`,
        readOnly: volume.readOnly || (mount.readOnly ?? false),
        propagation,
      };
    }),
  );
}

async function hostPathOf(
  { container, podFolder, variables, logger }: ContainerUse,
  mount: k8s.VolumeMount,
  volume: ReadyVolume,
  index: number,
): Promise<string> {
  const subPath = mount.subPathExpr ? expandStrictly(mount.subPathExpr, variables) : (mount.subPath ?? '');
  if (subPath === '') return volume.path;
  if (subPath.startsWith('/')) throw refuse(`error SubPath \`${subPath}\` must not be an absolute path`);
  if (subPath.split('/').includes('..'))
    throw refuse(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
  const target = `${podFolder}/volume-subpaths/${mount.name}/${container.name}/${index}`;
  try {
    await bindSubPath(volume.path, subPath, target);
  } catch (error) {
    logger.warn('cannot prepare a subPath', { volume: mount.name, error: messageOf(error) });
    // what is on the machine is not told to who made the pod
    throw refuse(
      `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}"`,
      error,
    );
  }
  return target;
}

/** All variables must be there (kubecontainer ExpandContainerVolumeMounts). */
function expandStrictly(text: string, variables: ReadonlyMap<string, string>): string {
  return expand(text, {
    get(name) {
      const value = variables.get(name);
      if (value === undefined) throw refuse(`missing value for "${name}"`);
      return value;
    },
  });
}

/** The devices of a container (kubelet makeBlockVolumes). Throws StartError. */
export function containerDevices(
  { volumeDevices, name }: k8s.Container,
  ready: ReadonlyMap<string, ReadyVolume>,
): Device[] {
  return (volumeDevices ?? []).map((device) => {
    const volume = ready.get(device.name);
    if (!volume?.isDevice)
      throw refuse(`cannot find volume "${device.name}" to pass into container "${name}"`);
    if (!device.devicePath.startsWith('/'))
      throw refuse(`error DevicePath \`${device.devicePath}\` must be an absolute path`);
    return {
      hostPath: volume.path,
      containerPath: device.devicePath,
      permissions: volume.readOnly ? 'r' : 'mrw',
    };
  });
}
