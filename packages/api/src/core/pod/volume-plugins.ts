import type * as k8s from '../../generated/types.ts';
import { invalid, notSupported, required, tooLong } from '../../meta/field-error.ts';
import { append } from '../../validation/append.ts';
import { isDNS1123Subdomain } from '../../validation/dns.ts';
import { inclusiveRangeError } from '../../validation/messages.ts';
import {
  addMessages,
  checkDescendingPath,
  checkDNS1123Label,
  checkOptionalEnum,
  checkRequired,
  pathBackstepErrors,
} from './checks.ts';
import { validatePullPolicy } from './image.ts';
import type { Errors, PodContext } from './types.ts';

/** One validator for each volume source of one plug-in (validation.go, validateXVolumeSource). */

/** Sorted, as upstream lists them. */
const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

export function validateHostPath(source: k8s.HostPathVolumeSource, path: string, errors: Errors): void {
  if (!checkRequired(errors, `${path}.path`, source.path)) return;
  append(errors, pathBackstepErrors(source.path, `${path}.path`));
  checkOptionalEnum(errors, `${path}.type`, source.type, HOST_PATH_TYPES);
}

export function validateGitRepo(source: k8s.GitRepoVolumeSource, path: string, errors: Errors): void {
  checkRequired(errors, `${path}.repository`, source.repository);
  checkDescendingPath(errors, `${path}.directory`, source.directory ?? '');
}

function checkPartition(errors: Errors, path: string, partition: number | undefined): void {
  if (partition !== undefined && (partition < 0 || partition > 255)) {
    errors.push(invalid(`${path}.partition`, partition, inclusiveRangeError(1, 255)));
  }
}

export function validateGCEPersistentDisk(
  source: k8s.GCEPersistentDiskVolumeSource,
  path: string,
  errors: Errors,
): void {
  checkRequired(errors, `${path}.pdName`, source.pdName);
  checkPartition(errors, path, source.partition);
}

export function validateAWSElasticBlockStore(
  source: k8s.AWSElasticBlockStoreVolumeSource,
  path: string,
  errors: Errors,
): void {
  checkRequired(errors, `${path}.volumeID`, source.volumeID);
  checkPartition(errors, path, source.partition);
}

export function validateNFS(source: k8s.NFSVolumeSource, path: string, errors: Errors): void {
  checkRequired(errors, `${path}.server`, source.server);
  checkRequired(errors, `${path}.path`, source.path);
  if (!source.path?.startsWith('/'))
    errors.push(invalid(`${path}.path`, source.path ?? '', 'must be an absolute path'));
}

const ISCSI_NAMES: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
};
/** RFC 3720: 223 bytes; longer ones are refused before the pattern looks at them. */
const MAX_ISCSI_NAME = 1024;

function checkISCSIName(errors: Errors, field: string, name: string): void {
  const pattern = ISCSI_NAMES[name.slice(0, 3)];
  if (pattern === undefined) {
    errors.push(invalid(field, name, 'must be valid format starting with iqn, eui, or naa'));
  } else if (name.length > MAX_ISCSI_NAME || !pattern.test(name)) {
    errors.push(invalid(field, name, 'must be valid format'));
  }
}

export function validateISCSI(source: k8s.ISCSIVolumeSource, path: string, errors: Errors): void {
  checkRequired(errors, `${path}.targetPortal`, source.targetPortal);
  if (checkRequired(errors, `${path}.iqn`, source.iqn)) checkISCSIName(errors, `${path}.iqn`, source.iqn);
  const lun = source.lun ?? 0;
  if (lun < 0 || lun > 255) errors.push(invalid(`${path}.lun`, lun, inclusiveRangeError(0, 255)));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && source.secretRef === undefined) {
    errors.push(required(`${path}.secretRef`));
  }
  if (source.initiatorName !== undefined)
    checkISCSIName(errors, `${path}.initiatorname`, source.initiatorName);
}

export function validateGlusterfs(source: k8s.GlusterfsVolumeSource, path: string, errors: Errors): void {
  checkRequired(errors, `${path}.endpoints`, source.endpoints);
  checkRequired(errors, `${path}.path`, source.path);
}

export function validateFlocker(source: k8s.FlockerVolumeSource, path: string, errors: Errors): void {
  if (!source.datasetName && !source.datasetUUID) {
    errors.push(required(path, 'one of datasetName and datasetUUID is required'));
  }
  if (source.datasetName && source.datasetUUID) {
    errors.push(invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  }
  if (source.datasetName?.includes('/')) {
    errors.push(invalid(`${path}.datasetName`, source.datasetName, "must not contain '/'"));
  }
}

export function validateClaimReference(
  source: k8s.PersistentVolumeClaimVolumeSource,
  path: string,
  errors: Errors,
): void {
  checkRequired(errors, `${path}.claimName`, source.claimName);
}

export function validateRBD(source: k8s.RBDVolumeSource, path: string, errors: Errors): void {
  if (!source.monitors?.length) errors.push(required(`${path}.monitors`));
  checkRequired(errors, `${path}.image`, source.image);
}

export function validateCinder(source: k8s.CinderVolumeSource, path: string, errors: Errors): void {
  checkRequired(errors, `${path}.volumeID`, source.volumeID);
  if (source.secretRef !== undefined) checkRequired(errors, `${path}.secretRef.name`, source.secretRef.name);
}

export function validateCephFS(source: k8s.CephFSVolumeSource, path: string, errors: Errors): void {
  if (!source.monitors?.length) errors.push(required(`${path}.monitors`));
}

/** Go's net.SplitHostPort. */
function isHostPort(text: string): boolean {
  const colon = text.lastIndexOf(':');
  if (colon < 0) return false;
  const host = text.slice(0, colon);
  return host.startsWith('[') ? host.endsWith(']') : !/[:[\]]/.test(host);
}

export function validateQuobyte(source: k8s.QuobyteVolumeSource, path: string, errors: Errors): void {
  const pairs = 'must be a host:port pair or multiple pairs separated by commas';
  if (!source.registry) errors.push(required(`${path}.registry`, pairs));
  else if ((source.tenant ?? '').length >= 65) {
    errors.push(required(`${path}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'));
  } else {
    for (const pair of source.registry.split(',')) {
      if (!isHostPort(pair)) errors.push(invalid(`${path}.registry`, source.registry, pairs));
    }
  }
  checkRequired(errors, `${path}.volume`, source.volume);
}

export function validateFC(source: k8s.FCVolumeSource, path: string, errors: Errors): void {
  const names = source.targetWWNs ?? [];
  const ids = source.wwids ?? [];
  if (names.length === 0 && ids.length === 0) {
    errors.push(required(`${path}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both'));
  }
  if (names.length === 0) return;
  if (ids.length > 0) {
    const detail = 'targetWWNs and wwids can not be specified simultaneously';
    errors.push(invalid(`${path}.targetWWNs`, names, detail));
  }
  if (source.lun === undefined) {
    errors.push(required(`${path}.lun`, 'lun is required if targetWWNs is specified'));
  } else if (source.lun < 0 || source.lun > 255) {
    errors.push(invalid(`${path}.lun`, source.lun, inclusiveRangeError(0, 255)));
  }
}

export function validateFlexVolume(source: k8s.FlexVolumeSource, path: string, errors: Errors): void {
  checkRequired(errors, `${path}.driver`, source.driver);
  for (const key of Object.keys(source.options ?? {})) {
    const namespace = `.${(key.split('/', 1)[0] ?? '').toLowerCase()}`;
    if (namespace.endsWith('.kubernetes.io') || namespace.endsWith('.k8s.io')) {
      const detail = 'kubernetes.io and k8s.io namespaces are reserved';
      errors.push(invalid(`${path}.options[${key}]`, key, detail));
    }
  }
}

export function validateAzureFile(source: k8s.AzureFileVolumeSource, path: string, errors: Errors): void {
  checkRequired(errors, `${path}.secretName`, source.secretName);
  checkRequired(errors, `${path}.shareName`, source.shareName);
}

export function validateVsphere(
  source: k8s.VsphereVirtualDiskVolumeSource,
  path: string,
  errors: Errors,
): void {
  checkRequired(errors, `${path}.volumePath`, source.volumePath);
}

export function validatePhoton(
  source: k8s.PhotonPersistentDiskVolumeSource,
  path: string,
  errors: Errors,
): void {
  checkRequired(errors, `${path}.pdID`, source.pdID);
}

export function validatePortworx(source: k8s.PortworxVolumeSource, path: string, errors: Errors): void {
  checkRequired(errors, `${path}.volumeID`, source.volumeID);
}

const MANAGED_URI =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const BLOB_URI = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

export function validateAzureDisk(source: k8s.AzureDiskVolumeSource, path: string, errors: Errors): void {
  checkRequired(errors, `${path}.diskName`, source.diskName);
  checkRequired(errors, `${path}.diskURI`, source.diskURI);
  checkOptionalEnum(errors, `${path}.cachingMode`, source.cachingMode, ['None', 'ReadOnly', 'ReadWrite']);
  checkOptionalEnum(errors, `${path}.kind`, source.kind, ['Dedicated', 'Managed', 'Shared']);
  if (source.kind === undefined) return;
  const uri = source.diskURI ?? '';
  if (source.kind === 'Managed' && !uri.startsWith('/subscriptions/')) {
    errors.push(notSupported(`${path}.diskURI`, uri, [MANAGED_URI]));
  }
  if (source.kind !== 'Managed' && !uri.startsWith('https://')) {
    errors.push(notSupported(`${path}.diskURI`, uri, [BLOB_URI]));
  }
}

export function validateStorageOS(source: k8s.StorageOSVolumeSource, path: string, errors: Errors): void {
  if (!source.volumeName) errors.push(required(`${path}.volumeName`));
  else checkDNS1123Label(errors, `${path}.volumeName`, source.volumeName);
  if (source.volumeNamespace) checkDNS1123Label(errors, `${path}.volumeNamespace`, source.volumeNamespace);
  if (source.secretRef !== undefined) checkRequired(errors, `${path}.secretRef.name`, source.secretRef.name);
}

export function validateScaleIO(source: k8s.ScaleIOVolumeSource, path: string, errors: Errors): void {
  checkRequired(errors, `${path}.gateway`, source.gateway);
  checkRequired(errors, `${path}.system`, source.system);
  checkRequired(errors, `${path}.volumeName`, source.volumeName);
}

/** ValidateCSIDriverName. */
export function checkCSIDriverName(errors: Errors, field: string, name: string): void {
  if (name === '') errors.push(required(field));
  if (name.length > 63) errors.push(tooLong(field, 63));
  addMessages(errors, field, name, isDNS1123Subdomain(name.toLowerCase()));
}

export function validateCSI(source: k8s.CSIVolumeSource, path: string, errors: Errors): void {
  checkCSIDriverName(errors, `${path}.driver`, source.driver ?? '');
  if (source.nodePublishSecretRef === undefined) return;
  const name = source.nodePublishSecretRef.name ?? '';
  if (name === '') errors.push(required(`${path}.nodePublishSecretRef.name`));
  else addMessages(errors, `${path}.name`, name, isDNS1123Subdomain(name));
}

export function validateImageVolume(
  source: k8s.ImageVolumeSource,
  path: string,
  errors: Errors,
  context: PodContext,
): void {
  if (context.isPod) checkRequired(errors, `${path}.reference`, source.reference);
  validatePullPolicy(source.pullPolicy, `${path}.pullPolicy`, errors);
}
