import type * as k8s from '../../generated/types.ts';
import { forbidden, invalid, notFound, notSupported } from '../../meta/field-error.ts';
import { checkDescendingPath, checkOptionalEnum, checkRequired, pathBackstepErrors } from './checks.ts';
import type { AnyContainer, Errors } from './types.ts';

type Volumes = ReadonlyMap<string, k8s.Volume>;

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];
const RECURSIVE_READ_ONLY = ['Disabled', 'Enabled', 'IfPossible'];

/** The file systems and block devices of one container (ValidateVolumeMounts, ValidateVolumeDevices). */
export function validateVolumeUses(
  container: AnyContainer,
  volumes: Volumes,
  path: string,
  errors: Errors,
): void {
  const mounts = container.volumeMounts ?? [];
  const devices = container.volumeDevices ?? [];
  if (mounts.length > 0) validateMounts(mounts, devices, volumes, container, `${path}.volumeMounts`, errors);
  if (devices.length > 0) validateDevices(devices, mounts, volumes, `${path}.volumeDevices`, errors);
}

function validateMounts(
  mounts: readonly k8s.VolumeMount[],
  devices: readonly k8s.VolumeDevice[],
  volumes: Volumes,
  container: AnyContainer,
  path: string,
  errors: Errors,
): void {
  const points = new Set<string>();
  const deviceNames = new Set(devices.map((device) => device.name));
  const devicePaths = new Set(devices.map((device) => device.devicePath));
  mounts.forEach((mount, i) => {
    const at = `${path}[${i}]`;
    checkRequired(errors, `${at}.name`, mount.name);
    if (!volumes.has(mount.name)) errors.push(notFound(`${at}.name`, mount.name ?? ''));
    checkRequired(errors, `${at}.mountPath`, mount.mountPath);
    if (points.has(mount.mountPath))
      errors.push(invalid(`${at}.mountPath`, mount.mountPath, 'must be unique'));
    points.add(mount.mountPath);
    if (deviceNames.has(mount.name)) {
      errors.push(invalid(`${at}.name`, mount.name, 'must not already exist in volumeDevices'));
    }
    if (devicePaths.has(mount.mountPath)) {
      const detail = 'must not already exist as a path in volumeDevices';
      errors.push(invalid(`${at}.mountPath`, mount.mountPath, detail));
    }
    validateSubPath(mount, volumes, at, path, errors);
    validatePropagation(mount, container, `${path}.mountPropagation`, errors);
    validateRecursiveReadOnly(mount, `${path}.recursiveReadOnly`, errors);
  });
}

function validateSubPath(
  mount: k8s.VolumeMount,
  volumes: Volumes,
  at: string,
  path: string,
  errors: Errors,
): void {
  const { subPath, subPathExpr } = mount;
  if (volumes.get(mount.name)?.image !== undefined) {
    const detail = 'not allowed in image volume sources';
    if (subPath) errors.push(invalid(`${at}.subPath`, subPath, detail));
    if (subPathExpr) errors.push(invalid(`${at}.subPathExpr`, subPathExpr, detail));
  }
  // Upstream's paths carry no index here.
  if (subPath) checkDescendingPath(errors, `${path}.subPath`, subPath);
  if (!subPathExpr) return;
  if (subPath) {
    errors.push(invalid(`${at}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
  }
  checkDescendingPath(errors, `${path}.subPathExpr`, subPathExpr);
}

function validatePropagation(
  mount: k8s.VolumeMount,
  container: AnyContainer,
  field: string,
  errors: Errors,
): void {
  checkOptionalEnum(errors, field, mount.mountPropagation, PROPAGATIONS);
  if (mount.mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
    const detail = 'Bidirectional mount propagation is available only to privileged containers';
    errors.push(forbidden(field, detail));
  }
}

function validateRecursiveReadOnly(mount: k8s.VolumeMount, field: string, errors: Errors): void {
  const value = mount.recursiveReadOnly;
  if (value === undefined || value === 'Disabled') return;
  if (!RECURSIVE_READ_ONLY.includes(value)) {
    errors.push(notSupported(field, value, RECURSIVE_READ_ONLY));
    return;
  }
  if (mount.readOnly !== true) errors.push(forbidden(field, 'may only be specified when readOnly is true'));
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    errors.push(forbidden(field, 'may only be specified when mountPropagation is None or not specified'));
  }
}

function validateDevices(
  devices: readonly k8s.VolumeDevice[],
  mounts: readonly k8s.VolumeMount[],
  volumes: Volumes,
  path: string,
  errors: Errors,
): void {
  const names = new Set<string>();
  const paths = new Set<string>();
  const mountNames = new Set(mounts.map((mount) => mount.name));
  const mountPaths = new Set(mounts.map((mount) => mount.mountPath));
  devices.forEach((device, i) => {
    const at = `${path}[${i}]`;
    const { name, devicePath } = device;
    const volume = volumes.get(name);
    checkRequired(errors, `${at}.name`, name);
    if (names.has(name)) errors.push(invalid(`${at}.name`, name, 'must be unique'));
    if (volume === undefined) errors.push(notFound(`${at}.name`, name ?? ''));
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      const detail = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      errors.push(invalid(`${at}.name`, name, detail));
    }
    checkRequired(errors, `${at}.devicePath`, devicePath);
    if (paths.has(devicePath)) errors.push(invalid(`${at}.devicePath`, devicePath, 'must be unique'));
    if (devicePath && pathBackstepErrors(devicePath, at).length > 0) {
      errors.push(invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"));
    } else {
      paths.add(devicePath);
    }
    if (mountNames.has(name))
      errors.push(invalid(`${at}.name`, name, 'must not already exist in volumeMounts'));
    if (mountPaths.has(devicePath)) {
      const detail = 'must not already exist as a path in volumeMounts';
      errors.push(invalid(`${at}.devicePath`, devicePath, detail));
    }
    if (name) names.add(name);
  });
}
