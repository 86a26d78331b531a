import { type FieldError, forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import { byteLength, inclusiveRangeError } from '../validation/messages.ts';
import { dns1123Label, dns1123Subdomain, each, list, nameIsDnsLabel, oneOf, type Part } from './shared.ts';

/** Errors of one volume source; `volume` is the volume's name. */
type Source = (source: Part, field: string, volume: string) => FieldError[];

const need =
  (...keys: string[]): Source =>
  (source, field) =>
    keys
      .filter((key) => !(Array.isArray(source[key]) ? source[key].length : source[key]))
      .map((key) => required(`${field}.${key}`));

const all =
  (...checks: Source[]): Source =>
  (source, field, volume) =>
    checks.flatMap((check) => check(source, field, volume));

/** A named secret; `keys` that it must have when it is there at all. */
const secretRef =
  (...keys: string[]): Source =>
  (source, field) =>
    source.secretRef === undefined ? [] : need(...keys)(source.secretRef, `${field}.secretRef`, '');

const noBacksteps: Source = (source, field) =>
  String(source.path ?? '')
    .split('/')
    .includes('..')
    ? [invalid(`${field}.path`, source.path, "must not contain '..'")]
    : [];

const HOST_PATH_TYPES = [
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

const hostPathType: Source = (source, field) =>
  source.type && !HOST_PATH_TYPES.includes(source.type)
    ? [
        notSupported(`${field}.type`, source.type, [
          '',
          'BlockDevice',
          'CharDevice',
          'Directory',
          'DirectoryOrCreate',
          'File',
          'FileOrCreate',
          'Socket',
        ]),
      ]
    : [];

const partition: Source = (source, field) =>
  source.partition < 0 || source.partition > 255
    ? [invalid(`${field}.partition`, source.partition, inclusiveRangeError(1, 255))]
    : [];

const absolutePath: Source = (source, field) =>
  String(source.path ?? '').startsWith('/')
    ? []
    : [invalid(`${field}.path`, source.path ?? '', 'must be an absolute path')];

const ISCSI_NAMES: readonly [string, RegExp][] = [
  ['iqn', /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9.-]+)(:[^,;*&$|\s]+)$/],
  ['eui', /^eui.[a-zA-Z0-9]{16}$/],
  ['naa', /^naa.[a-zA-Z0-9]{32}$/],
];

function iscsiNameErrors(name: string, field: string): FieldError[] {
  const known = ISCSI_NAMES.find(([prefix]) => name.startsWith(prefix));
  // The bound keeps the pattern's search short whatever a client sends.
  return known !== undefined && name.length <= 1024 && known[1].test(name)
    ? []
    : [invalid(field, name, 'must be valid format')];
}

const iscsi: Source = (source, field, volume) => {
  const errors = need('targetPortal')(source, field, volume);
  const initiator: string | undefined = source.initiatorName;
  if (initiator !== undefined && byteLength(`${volume}:${source.targetPortal ?? ''}`) > 64) {
    const message =
      'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
    errors.push(invalid(`${field}.targetportal`, source.targetPortal ?? '', message));
  }
  errors.push(...(source.iqn ? iscsiNameErrors(source.iqn, `${field}.iqn`) : [required(`${field}.iqn`)]));
  if (source.lun < 0 || source.lun > 255) {
    errors.push(invalid(`${field}.lun`, source.lun, inclusiveRangeError(0, 255)));
  }
  if ((source.chapAuthDiscovery || source.chapAuthSession) && source.secretRef === undefined) {
    errors.push(required(`${field}.secretRef`));
  }
  errors.push(...secretRef('name')(source, field, volume));
  if (initiator !== undefined) errors.push(...iscsiNameErrors(initiator, `${field}.initiatorname`));
  return errors;
};

const fc: Source = (source, field) => {
  const names = list(source.targetWWNs);
  const ids = list(source.wwids);
  const path = `${field}.targetWWNs`;
  const errors: FieldError[] = [];
  if (names.length === 0 && ids.length === 0) {
    errors.push(required(path, 'must specify either targetWWNs or wwids, but not both'));
  }
  if (names.length > 0 && ids.length > 0) {
    errors.push(invalid(path, names, 'targetWWNs and wwids can not be specified simultaneously'));
  }
  if (names.length > 0) {
    if (source.lun === undefined) {
      errors.push(required(`${field}.lun`, 'lun is required if targetWWNs is specified'));
    } else if (source.lun < 0 || source.lun > 255) {
      errors.push(invalid(`${field}.lun`, source.lun, inclusiveRangeError(0, 255)));
    }
  }
  return errors;
};

const quobyte: Source = (source, field) => {
  const pairs = 'must be a host:port pair or multiple pairs separated by commas';
  const errors: FieldError[] = [];
  if (!source.registry) errors.push(required(`${field}.registry`, pairs));
  else if (byteLength(source.tenant ?? '') >= 65) {
    errors.push(required(`${field}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'));
  } else {
    for (const pair of String(source.registry).split(',')) {
      if (!/^([^:[\]]*|\[[^[\]]*\]):[^:]*$/.test(pair)) {
        errors.push(invalid(`${field}.registry`, source.registry, pairs));
      }
    }
  }
  return [...errors, ...need('volume')(source, field, '')];
};

const glusterfs: Source = (source, field) => {
  const errors = need('endpoints', 'path')(source, field, '');
  const namespace: string | undefined = source.endpointsNamespace;
  const path = `${field}.endpointsNamespace`;
  if (namespace === '') {
    errors.push(invalid(path, '', 'if the endpointnamespace is set, it must be a valid namespace name'));
  } else if (namespace !== undefined) errors.push(...each(path, namespace, nameIsDnsLabel(namespace, false)));
  return errors;
};

const flocker: Source = (source, field) => {
  const errors: FieldError[] = [];
  if (!source.datasetName && !source.datasetUUID) {
    errors.push(required(field, 'one of datasetName and datasetUUID is required'));
  }
  if (source.datasetName && source.datasetUUID) {
    errors.push(
      invalid(field, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'),
    );
  }
  if (source.datasetName?.includes('/')) {
    errors.push(invalid(`${field}.datasetName`, source.datasetName, "must not contain '/'"));
  }
  return errors;
};

const flexOptions: Source = (source, field) =>
  Object.keys(source.options ?? {})
    .filter((key) =>
      /\.(kubernetes|k8s)\.io$/.test(
        `.${(key.split('/').length > 1 ? key.split('/')[0] : key)?.toLowerCase()}`,
      ),
    )
    .map((key) =>
      invalid(`${field}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved'),
    );

const azureSecretNamespace: Source = (source, field) =>
  source.secretNamespace === '' ? [required(`${field}.secretNamespace`)] : [];

const DISK_KINDS = ['Dedicated', 'Managed', 'Shared'];

const azureDisk: Source = (source, field) => {
  const uri: string = source.diskURI ?? '';
  const errors = [
    ...need('diskName', 'diskURI')(source, field, ''),
    ...oneOf(`${field}.cachingMode`, source.cachingMode, ['None', 'ReadOnly', 'ReadWrite']),
    ...oneOf(`${field}.kind`, source.kind, DISK_KINDS),
  ];
  if (source.kind === 'Managed' && !uri.startsWith('/subscriptions/')) {
    const format =
      '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
    errors.push(notSupported(`${field}.diskURI`, uri, [format]));
  }
  if (source.kind !== undefined && source.kind !== 'Managed' && !uri.startsWith('https://')) {
    const format = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
    errors.push(notSupported(`${field}.diskURI`, uri, [format]));
  }
  return errors;
};

const storageOs: Source = (source, field) => [
  ...(source.volumeName
    ? each(`${field}.volumeName`, source.volumeName, dns1123Label(source.volumeName))
    : [required(`${field}.volumeName`)]),
  ...(source.volumeNamespace
    ? each(`${field}.volumeNamespace`, source.volumeNamespace, dns1123Label(source.volumeNamespace))
    : []),
  ...secretRef('name', 'namespace')(source, field, ''),
];

const MAX_DRIVER_NAME = 63;

/** ValidateCSIDriverName */
export function csiDriverNameErrors(name: string, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(field));
  if (byteLength(name) > MAX_DRIVER_NAME) {
    errors.push({
      type: 'FieldValueTooLong',
      field,
      detail: `may not be more than ${MAX_DRIVER_NAME} bytes`,
    });
  }
  return [...errors, ...each(field, name, dns1123Subdomain(name.toLowerCase()))];
}

const CSI_SECRETS = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
];

const csi: Source = (source, field) => {
  const errors = [
    ...csiDriverNameErrors(source.driver ?? '', `${field}.driver`),
    ...need('volumeHandle')(source, field, ''),
  ];
  for (const key of CSI_SECRETS) {
    const ref = source[key];
    if (ref === undefined) continue;
    for (const part of ['name', 'namespace']) {
      if (!ref[part]) errors.push(required(`${field}.${key}.${part}`));
      else {
        const messages = part === 'name' ? dns1123Subdomain(ref.name) : dns1123Label(ref.namespace);
        errors.push(...each(`${field}.${part}`, ref[part], messages));
      }
    }
  }
  return errors;
};

/** Sources in upstream's order: field, the name its errors use when that differs, and its check. */
export const VOLUME_SOURCES: readonly { field: string; path?: string; extra?: string; check: Source }[] = [
  { field: 'hostPath', check: all(need('path'), noBacksteps, hostPathType) },
  { field: 'gcePersistentDisk', path: 'persistentDisk', check: all(need('pdName'), partition) },
  { field: 'awsElasticBlockStore', check: all(need('volumeID'), partition) },
  { field: 'glusterfs', check: glusterfs },
  { field: 'flocker', check: flocker },
  { field: 'nfs', check: all(need('server', 'path'), absolutePath) },
  { field: 'rbd', check: need('monitors', 'image') },
  { field: 'quobyte', check: quobyte },
  { field: 'cephfs', extra: 'cephFS', check: need('monitors') },
  { field: 'iscsi', check: iscsi },
  { field: 'cinder', check: all(need('volumeID'), secretRef('name', 'namespace')) },
  { field: 'fc', check: fc },
  { field: 'flexVolume', check: all(need('driver'), flexOptions) },
  { field: 'azureFile', check: all(need('secretName', 'shareName'), azureSecretNamespace) },
  { field: 'vsphereVolume', check: need('volumePath') },
  { field: 'photonPersistentDisk', check: need('pdID') },
  { field: 'portworxVolume', check: need('volumeID') },
  { field: 'azureDisk', check: azureDisk },
  { field: 'scaleIO', check: need('gateway', 'system', 'volumeName') },
  { field: 'local', check: all(need('path'), noBacksteps) },
  { field: 'storageos', check: storageOs },
  { field: 'csi', check: csi },
];

/** Errors of a PersistentVolume's one source. */
export function volumeSourceErrors(
  spec: Part,
  field: string,
  volume: string,
  hasNodeAffinity: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  let count = 0;
  for (const { field: name, path, extra, check } of VOLUME_SOURCES) {
    if (spec[name] === undefined) continue;
    if (count > 0 && name !== 'flexVolume') {
      errors.push(forbidden(`${field}.${extra ?? name}`, 'may not specify more than 1 volume type'));
      continue;
    }
    count++;
    errors.push(...check(spec[name], `${field}.${path ?? name}`, volume));
    if (name === 'local' && !hasNodeAffinity) {
      errors.push(required(`${field}.nodeAffinity`, 'Local volume requires node affinity'));
    }
  }
  if (count === 0) errors.push(required(field, 'must specify a volume type'));
  return errors;
}
